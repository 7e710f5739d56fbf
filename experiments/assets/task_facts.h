/* task_facts.h - what is known of a task before its data is tokenized. */
#ifndef TASK_FACTS_H
#define TASK_FACTS_H

#include "core/data/data_paths.h"
#include "core/data/dataset.h"
#include "experiments/assets/session.h"
#include "experiments/assets/task_texts.h"

struct task_facts {
    char *asked; /* the name or path that a recipe gave */
    char *name;  /* by which results are stored and shown: the shipped task's, or what the file of a
                  * user's own task says; its full path if another task has that name */
    char *own;   /* the full path of a user's own task; NULL for a shipped one */
    char *dir;   /* the folder of the data files */
    struct task task;
    struct task_texts texts; /* how its texts are generated and scored, no part of SPEC */
    char spec[65];       /* SHA-256 of what the task file means: format, columns, labels, metrics */
    char *path[N_FILES]; /* NULL for a split that the task does not have */
    char file[N_FILES][65]; /* SHA-256 of the file, or of a folder (core/data/data_paths.h); "" */
    struct data_paths files[N_FILES]; /* the file, or those of the folder */
};
/* task_facts - of the task with this name or file; the session owns them. The files of a task that
 * is made from a package are made first. Errors: NULL after FAIL_USAGE, FAIL_INPUT, FAIL_TOOL,
 * FAIL_STORE. */
const struct task_facts *task_facts(struct session *s, const char *task);
#endif
