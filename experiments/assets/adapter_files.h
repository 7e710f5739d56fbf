/* adapter_files.h - where an adapter lies, and which weights it was trained on. */
#ifndef ADAPTER_FILES_H
#define ADAPTER_FILES_H

/* adapter_dir - the folder of an adapter: one that exists (of a run's, which has "last" and "best", the
 * last), or that of the run in HOME/adapters whose key begins so, which KEY (may be NULL) receives (""
 * for a folder). The caller frees it. Errors: NULL after FAIL_INPUT, FAIL_USAGE. */
char *adapter_dir(const char *adapter, char key[17]);

/* adapter_of - was ADAPTER, as adapted_open takes it, trained on the weights with this SHA-256, those of
 * MODEL? 1: yes; 0: neither a run in the store nor the folder says on which. Errors: -1, FAIL_INPUT;
 * ADAPTER_OF_OTHERS, the same: on others. */
enum { ADAPTER_OF_OTHERS = -2 };
int adapter_of(const char *adapter, const char *model, const char *weights);
#endif
