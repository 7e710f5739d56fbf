/* task_dir.h - the folder that holds a task's data files. */
#ifndef TASK_DIR_H
#define TASK_DIR_H

#include "core/data/dataset.h"
#include "experiments/assets/session.h"

/* task_dir_check - is --data, if it was given, a folder? Errors: FAIL_INPUT. task_dir - the folder
 * below --data (not given: below LOWRANK_DATA), else below HOME/data, that holds the task's
 * training split; the caller frees the path. Errors: NULL after FAIL_INPUT, which says where it was
 * looked for. */
int task_dir_check(const struct session *s);
char *task_dir(const struct session *s, const struct task *t);
#endif
