/* adapter_files.h - where an adapter is, and which weights it was trained on. */
#ifndef ADAPTER_FILES_H
#define ADAPTER_FILES_H

#include "experiments/assets/session.h"

/* adapter_dir - the folder of an adapter: ADAPTER is a folder (for a run's folder, which holds
 * "last" and "best", the last), or the first digits of the key of a run whose adapter is in
 * HOME/adapters. KEY, if not NULL, becomes the first 16 digits of that run's key, "" for a folder.
 * The caller frees the path. Errors: NULL after FAIL_INPUT: there is none; FAIL_USAGE: the keys of
 * several runs begin with these digits. */
char *adapter_dir(const char *home, const char *adapter, char key[17]);

/* adapter_trained_on - was ADAPTER (as above) trained on the weights with this SHA-256, those of
 * MODEL? 1: yes. 0: neither a run in the store nor the adapter's folder says which weights it was
 * trained on. Errors: ADAPTER_OF_OTHERS (negative) after FAIL_INPUT when it was trained on others;
 * -1 after FAIL_INPUT, FAIL_USAGE, FAIL_STORE when that cannot be found out. */
enum { ADAPTER_OF_OTHERS = -2 };
int adapter_trained_on(struct session *s, const char *adapter, const char *model,
                       const char *weights);
#endif
