/* temp.h - temporary folders and files of tests. */
#ifndef TEMP_H
#define TEMP_H

#include <stddef.h>

/* temp_dir - a new empty folder in /tmp, its path in DIR. When the process that made it ends, also
 * after a failed assertion, it is removed with everything in it; temp_remove does so earlier. */
void temp_dir(char dir[64]);
void temp_remove(const char *dir);

/* temp_file - write TEXT to DIR/NAME, whose folder exists; returns the path, which is valid until
 * the next call. */
const char *temp_file(const char *dir, const char *name, const char *text);

/* temp_count - how many files and folders are in DIR, 0 if it does not exist; the path of one of
 * them in PATH (may be NULL). */
int temp_count(const char *dir, char path[400]);
#endif
