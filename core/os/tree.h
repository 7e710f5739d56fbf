/* tree.h - a file or folder with everything in it. */
#ifndef TREE_H
#define TREE_H

#include <stdint.h>

/* tree_bytes - what PATH and everything in it takes on the disk; 0 if there is no such path.
 * tree_remove - remove it; links are removed, not followed. What cannot be removed is told in a
 * warning. Returns how many bytes it freed. */
int64_t tree_bytes(const char *path);
int64_t tree_remove(const char *path);
#endif
