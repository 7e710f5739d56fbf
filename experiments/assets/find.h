/* find.h - the YAML files that a user names: by path, or by the name of one that comes with the
 * program (core/os/file.h says where those are). */
#ifndef FIND_H
#define FIND_H

#include "core/base/base.h"

#include <glob.h>

/* find_recipe - the file of a study or of a single run: a path, or NAME for ablations/NAME.yaml.
 * find_task - of a task: a path, or NAME for experiments/tasks/NAME.yaml. Full paths that the
 * caller frees. Errors: NULL after FAIL_USAGE. find_task_shipped - the same of a task that comes
 * with the program; NULL, without an error: there is none of this name. */
char *find_recipe(const char *name_or_path);
char *find_task(const char *name_or_path);
char *find_task_shipped(const char *name);

/* find_path - the full path of an existing file or folder, without symbolic links; the caller frees
 * it. Errors: NULL after CODE. find_full_path - PATH as seen from the root, whether it exists or
 * not, so that a message is clear wherever it is read; the caller frees it. */
char *find_path(const char *path, enum fail_code code);
char *find_full_path(const char *path);

/* find_files - the files FOLDER/NAME.SUFFIX of the program, in order of names, for globfree.
 * find_stem - NAME of such a path; the caller frees it. */
glob_t find_files(const char *folder, const char *suffix);
char *find_stem(const char *path);

/* find_unknown - record "unknown WHAT 'NAME'" with a hint from the YAML files in FOLDER; -1. */
int find_unknown(enum fail_code code, const char *what, const char *name, const char *folder);
#endif
