/* task_texts.h - how the texts of a task are generated and scored: the key "generate" of its file,
 *
 *     generate: {beams: 10, length_penalty: 0.9, no_repeat_ngram: 4, max_new: 64, scores: e2e}
 *
 * with the options of core/generate/gen_settings.h and in "scores" a family of core/score, or a
 * list of families and scores. */
#ifndef TASK_TEXTS_H
#define TASK_TEXTS_H

#include "core/generate/gen_settings.h"

struct score_kind; /* core/score/score.h */

enum { TASK_MOST_SCORES = 16 };

struct task_texts {
    bool given; /* the file has the key */
    struct gen_settings settings;
    const struct score_kind *score[TASK_MOST_SCORES + 1]; /* [n_scores], then NULL */
    int n_scores;
    char *described; /* the settings and scores in words, the same for the same results; owned */
    char sha256[65]; /* of DESCRIBED */
};
/* task_texts_load - what the task file PATH says. Errors: FAIL_USAGE with file:line:column: an
 * unknown key or score, a value out of range. task_texts_free - of a zeroed struct: nothing. */
int task_texts_load(struct task_texts *t, const char *path);
void task_texts_free(struct task_texts *t);

/* task_texts_metric - the name under which results have the score NAME: without "e2e_", else the
 * same. task_texts_is_metric - is it such a name? */
const char *task_texts_metric(const char *name);
bool task_texts_is_metric(const char *name);
#endif
