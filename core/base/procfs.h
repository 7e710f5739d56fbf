/* procfs.h - facts from the text files of /proc and /sys. */
#ifndef PROCFS_H
#define PROCFS_H

#include <stdbool.h>
#include <stddef.h>

/* procfs_line - copy into OUT what follows KEY, without spaces and colons in between, in the first
 * line of PATH that begins with KEY. False: there is no such line. */
bool procfs_line(const char *path, const char *key, char *out, size_t size);

/* procfs_bytes - the number of kB in that line, in bytes; 0: there is no such line. */
size_t procfs_bytes(const char *path, const char *key);
#endif
