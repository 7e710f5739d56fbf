/* hash.h - the content of files as SHA-256, without reading unchanged files again. */
#ifndef HASH_H
#define HASH_H

#include "experiments/assets/session.h"

/* hash_file - the SHA-256 of a file as 64 hex digits, taken from HOME/cache/sha256.json while the
 * file's path, size, modification time, change time, and inode are those recorded there. Errors:
 * FAIL_INPUT. hash_save - write what is new to that file; if it cannot be written, nothing is
 * reported. */
int hash_file(char out[65], struct session *s, const char *path);
void hash_save(struct session *s);
#endif
