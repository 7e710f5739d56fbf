/* task_impl.h - private to core/data: reading the keys of a task file. */
#ifndef TASK_IMPL_H
#define TASK_IMPL_H

#include "core/data/task.h"
#include "core/opt/yaml.h"

/* task_string - a scalar that is not empty; the caller frees it. task_choice - the index of a
 * scalar in WORDS. task_bool, task_whole - true or false; a whole number from LEAST. Errors: NULL
 * or -1 after FAIL_USAGE with file:line:column. */
char *task_string(const struct yaml_node *n, const char *key);
int task_choice(const struct yaml_node *n, const char *key, const char *const *words);
int task_bool(bool *out, const struct yaml_node *n, const char *key);
int task_whole(long *out, const struct yaml_node *n, const char *key, long least);

/* task_check_column - can a file of T's format have this column? Errors: FAIL_USAGE about N. */
int task_check_column(const struct task *t, const char *name, const struct yaml_node *n);

/* The keys of generation tasks (task_generation.c). task_check_generation - what concerns several
 * of them. task_check_others - another kind of task has none of them. Errors: FAIL_USAGE. */
int task_set_prompt(struct task *t, const struct yaml_node *n);
int task_set_target(struct task *t, const struct yaml_node *n);
int task_set_end(struct task *t, const struct yaml_node *n);
int task_set_strip(struct task *t, const struct yaml_node *n);
int task_set_truncate(struct task *t, const struct yaml_node *n);
int task_set_max_target(struct task *t, const struct yaml_node *n);
int task_set_keep(struct task *t, const struct yaml_node *n);
int task_set_generate(struct task *t, const struct yaml_node *n);
int task_check_generation(const struct task *t, const struct yaml_node *root);
int task_check_others(const struct yaml_node *root);
#endif
