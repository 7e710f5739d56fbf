/* hashes.h - the content of files by SHA-256. */
#ifndef HASHES_H
#define HASHES_H

#include "core/base/home.h"

/* hash_file - sha256 of a file through HOME/cache/sha256.json (path, size, mtime, inode). Errors:
 * FAIL_INPUT. hash_save - write what is new; a cache that cannot be written is no error. */
int hash_file(char out[65], const char *path);
void hash_save(void);
#endif
