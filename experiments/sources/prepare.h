/* prepare.h - the data files of tasks that are made from an installed package. */
#ifndef PREPARE_H
#define PREPARE_H

#include "core/data/dataset.h"

/* prepare_task - make the files of a task that says "prepare: wordnet" in HOME/data, unless they
 * exist; of any other task there is nothing to do. Errors: FAIL_TOOL: WordNet is not installed;
 * FAIL_USAGE: among others, the task's folder is not below HOME/data; FAIL_INPUT, FAIL_STORE. */
int prepare_task(const char *home, const struct task *t);
#endif
