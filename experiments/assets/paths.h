/* paths.h - where recipes, tasks, models and data are. */
#ifndef PATHS_H
#define PATHS_H

#include "core/base/home.h"
#include "core/data/dataset.h"

/* Where things are; the program's own data files are found by share_path() of core/base/file.h.
 * Texts are owned by the caller, NULL after fail.
 *   find_recipe   a path, or NAME -> ablations/NAME.yaml
 *   model_dir     a folder as given, or HOME/models/NAME. Errors: FAIL_INPUT "lowrank fetch NAME"
 *                 NAME@rRANK is made of NAME when it is absent (truncate.c)
 *   data_check    --data, when given, is a folder. Errors: FAIL_INPUT
 *   task_dir      the folder that holds the task's files: below --data (without it LOWRANK_DATA),
 *                 else HOME/data. YAML: NULL, or receives the task's own file
 *   task_file     a path, or NAME -> experiments/tasks/NAME.yaml
 *   task_find     task_file and task_load */
char *find_recipe(const char *name_or_path);
char *model_dir(const char *name);
/* truncated_name - 1 when NAME is "OF@rRANK": *of is the caller's; 0: another; -1 (FAIL_USAGE): badly so.
 * truncated_make - make the folder DIR of that model. Errors: FAIL_USAGE: a rank that its matrices cannot
 * have; FAIL_INPUT, FAIL_STORE, FAIL_MEMORY. */
int truncated_name(const char *name, char **of, long *rank);
int truncated_make(const char *name, const char *of, long rank, const char *dir);
int data_check(void);
char *task_dir(const struct task *t, char **yaml);
char *task_file(const char *name);
int task_find(struct task *t, const char *name);
extern char *data_option; /* set by a command's --data */

/* task_prepare - make the files of a task that says "prepare: wordnet" (experiments/assets/wordnet.c)
 * when absent. */
int task_prepare(const struct task *t);
#endif
