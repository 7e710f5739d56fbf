/* guard.h - is a path fit for the database? For the other files of this folder. */
#ifndef GUARD_H
#define GUARD_H

#include "results/store/store.h"

/* guard_path - refuses a path that is not a regular file or lies on a network file system, and for
 * STORE_READ one without a database. Makes the folders of a file that does not exist yet. */
int guard_path(const char *path, enum store_mode mode);
/* guard_immutable - 0 when PATH has no log beside it, so that it may be read without locks. */
int guard_immutable(const char *path);
/* guard_no_results - record that PATH holds no results yet and how to make some; returns -1. */
int guard_no_results(const char *path);

/* The magic number of the file system of PATH (statfs). A pointer, so that a test can play a
 * network file system. */
extern long (*guard_fs_magic)(const char *path);
#endif
