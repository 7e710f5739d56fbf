/* spawn.h - running another program. */
#ifndef SPAWN_H
#define SPAWN_H

#include <stddef.h>

/* spawn_wait - run ARGV[0], found in PATH, without a shell, and wait for it. It reads /dev/null.
 * Its standard output and standard error go to OUT (the first OUT_SIZE-1 bytes and a NUL), or, if
 * OUT is NULL, to our standard error. It is killed after TIMEOUT_S seconds, if that is not 0, and a
 * signal that asks us to stop is passed on. Returns its exit status, or 128 + the signal that ended
 * it. Errors: FAIL_TOOL if the program is missing or took too long. */
int spawn_wait(char *const argv[], char *out, size_t out_size, double timeout_s);
#endif
