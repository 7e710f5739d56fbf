/* recorded.h - what the store recorded of a run or of a study, for commands that need a few facts
 * and no table. */
#ifndef RECORDED_H
#define RECORDED_H

#include "results/store/store.h"

struct recorded_run {
    int64_t id;
    char *model, *config; /* owned; config: the canonical recipe, flat JSON */
    char *error;          /* owned; of its newest attempt, or NULL */
    char weights[65];     /* SHA-256 of the checkpoint that it started from; "" when unknown */
};
/* recorded_run - the one run whose key begins with KEY, some or all of its 64 digits. Returns 1, 0
 * when there is none or more than one, -1 after an error of the store. *R is to be freed with
 * recorded_run_free in every case. */
int recorded_run(struct recorded_run *r, struct store *s, const char *key);
void recorded_run_free(struct recorded_run *r);

/* recorded_selection - the score by which the run KEY (64 digits) chooses its best evaluation and a
 * study its trials (the metric best_by, on the split that chooses): at evaluation EVALUATION (from
 * 1; without eval_every the end of that epoch), also while the run trains or after it diverged; or
 * with 0, of a finished run, at the chosen evaluation. *LOWER says whether less is better. Returns
 * 1, 0 when the store has no such number, -1 after an error. The view "selection" has all of them.
 * */
int recorded_selection(double *value, bool *lower, struct store *s, const char *key,
                       long evaluation);

/* recorded_recipe - what 'lowrank sweep' takes to run more of the study NAME, a name or a file:
 * *RECIPE is owned by the caller and NULL when it was not recorded. Returns 1, 0 when the store has
 * no such study, -1 after an error. */
int recorded_recipe(char **recipe, struct store *s, const char *name);
/* recorded_check_study - 0 when the store has a study of this name, else -1 after FAIL_USAGE
 * with the name that it may be a misspelling of.
 * recorded_check_stored - the same, but NAME may also be something that an analysis is stored
 * under. */
int recorded_check_study(struct store *s, const char *name);
int recorded_check_stored(struct store *s, const char *name);
#endif
