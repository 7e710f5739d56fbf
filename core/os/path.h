/* path.h - paths and folders. */
#ifndef PATH_H
#define PATH_H

#include <glob.h>

/* path_join - DIR/NAME, or NAME if it is absolute or DIR is empty; the caller frees it. */
char *path_join(const char *dir, const char *name);

/* path_glob - the paths below the folder DIR, which is taken literally, that match PATTERN, sorted.
 * An absent folder has none; a folder that cannot be read is told in a warning. The caller frees
 * the result with globfree. */
glob_t path_glob(const char *dir, const char *pattern);

/* make_dirs - create the folder PATH and its parents, unless they exist. Errors: FAIL_STORE. */
int make_dirs(const char *path);
#endif
