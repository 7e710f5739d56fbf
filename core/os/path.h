/* path.h - paths and folders. */
#ifndef PATH_H
#define PATH_H

/* path_join - DIR/NAME, or NAME if it is absolute or DIR is empty; the caller frees it. */
char *path_join(const char *dir, const char *name);

/* make_dirs - create the folder PATH and its parents, unless they exist. Errors: FAIL_STORE. */
int make_dirs(const char *path);
#endif
