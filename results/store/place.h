/* place.h - how far a run has come, in the small file ckpt/KEY.step beside the database, which
 * outlives a worker that is killed. It is written after every step, without syncing: a few
 * microseconds. It is a help, not a result: without it, or after a crash of the machine, only the
 * place of a death is unknown. */
#ifndef PLACE_H
#define PLACE_H

#include "results/store/store.h"

/* place_open - begin the place of the run KEY at step 0; a descriptor, or -1. place_note - STEP is
 * done. place_close - the file stays. Both do nothing for -1. */
int place_open(const struct store *s, const char *key);
void place_note(int fd, long step);
void place_close(int fd);
/* place_read - the last step that was noted; -1: unknown. place_remove - remove the file. */
long place_read(const struct store *s, const char *key);
void place_remove(const struct store *s, const char *key);
#endif
