/* inputs.h - the files that a run reads, by content: part of its key. */
#ifndef INPUTS_H
#define INPUTS_H

#include "experiments/recipe/recipe.h"

/* inputs_of - a new object: role ("weights", "config", "tokenizer", "task", a split) to SHA-256.
 * inputs_add_adapter - add "adapter", the file that training starts from, unless INIT_FROM is NULL
 * or "". Errors: FAIL_INPUT, FAIL_USAGE, as adapter_dir. */
json_t *inputs_of(const struct model_facts *m, const struct task_facts *t);
int inputs_add_adapter(json_t *inputs, struct session *s, const char *init_from);

/* inputs_check - are the files of a resolved recipe still those that it was resolved with? Files
 * whose size or time changed are hashed again. Errors: FAIL_INPUT "... changed since the plan". */
int inputs_check(const struct recipe *r);
#endif
