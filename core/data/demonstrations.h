/* demonstrations.h - examples in the prompt instead of training on them: few-shot prompting (Brown
 * et al. 2020). Layer 3. */
#ifndef DEMONSTRATIONS_H
#define DEMONSTRATIONS_H

#include "core/data/dataset.h"

/* demonstrations_text - N training examples of D, a split of the generation task T, as the text
 * that stands before every prompt: of each its prompt, its target, and an empty line,
 *
 *     PROMPT TARGET\n\n
 *
 * They are drawn by (SEED, RNG_SHOTS) in random order. If T has labels, each has N / labels of
 * them, and the labels that are drawn first have one more if N is not a multiple. A prompt that
 * D's max_len has cut is as short here. The caller frees the text. Errors: NULL after FAIL_USAGE if
 * D has fewer examples, or fewer of a label. */
char *demonstrations_text(const struct dataset *d, const struct task *t, const struct tok *tok,
                          long n, uint64_t seed);

/* demonstrations_task - T with TEXT before every prompt. It borrows T's strings and TEXT, all of
 * which must outlive it; only prompt.part is its own, which the caller frees. */
struct task demonstrations_task(const struct task *t, char *text);
#endif
