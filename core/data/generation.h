/* generation.h - private to core/data: prompts and targets as tokens. */
#ifndef GENERATION_H
#define GENERATION_H

#include "core/data/dataset.h"

/* generation_tokenize - make the rows PICK [N] of F, whose labels D has if T has labels, the
 * examples of D, each of at most MAX_LEN tokens (0: no limit). Errors: as dataset_load.
 * generation_answers - D's answers. */
int generation_tokenize(struct dataset *d, const struct data_file *f, const int *pick, int n,
                        const struct tok *tok, const struct task *t, int max_len);
int generation_answers(struct dataset *d, const struct task *t, const struct tok *tok);

/* generation_reference - the reference in the text of a target: *LENGTH bytes. */
const char *generation_reference(const char *target, size_t *length);
#endif
