/* tune.h - judging the trials of a study with a search by what the store holds.
 *
 * Every judgment follows from the study and from stored evaluations alone, so that a search that
 * was interrupted, in whichever way, goes on as if it had not been.
 *
 * At a rung (search.h) a trial has the mean, over its tuning seeds, of its score: the best value of
 * the selection metric in the evaluations up to the end of the rung's epochs; for a study about the
 * "last" value, the newest one. A trial that diverged with some seed comes last; of equal ones the
 * smaller value (of the first key in which they differ) comes first; a rung waits for all seeds of
 * all of its trials. The best trial at the last rung is chosen, unless it has the smallest or the
 * largest number that the arm has tried of some key. Then a trial one step further (search_beyond)
 * is tried: it goes on while it is better than the best one was at the same rung, and takes its
 * place if it is better at the end. An arm may do so S->extend times; every arm has this same
 * allowance beside the same number of trials. If its choice is still at an edge, or if there is no
 * value beyond, the arm says so. */
#ifndef TUNE_H
#define TUNE_H

#include "experiments/study/arms.h"
#include "results/store/store.h"

/* tune_study - judge all arms of S, which has some; add trials beyond edges, and the reported runs
 * of arms with a choice. WANTED becomes an array, by the index of the run, which the caller frees:
 * runs that have to be trained now, up to plan_run.until. STORE may be NULL: an empty one. Runs may
 * move in memory. Errors: FAIL_STORE; as grid_expand. */
struct tune_stage {
    int chosen;   /* arms with a choice */
    int hopeless; /* arms whose trials all diverged */
    int blocked;  /* arms that wait for a trial that failed */
    int rung, of; /* the lowest rung that an arm is in, from 1; 0: all arms are judged */
};
int tune_study(struct tune_stage *stage, bool **wanted, struct study *s, struct store *store);

/* tune_metric - the metric by which trials of this run are chosen: that of the study, or, where the
 * task lacks it, the task's own. */
const char *tune_metric(enum metric_goal *goal, const struct study *s, const struct recipe *r);

/* tune_epochs - the epochs of a run of the study, as rungs divide them: 1 where the recipe counts
 * steps. */
long tune_epochs(const struct recipe *r);

/* tune_cost - epochs that the first trials of an arm take: trained in full, and by the rungs. */
struct tune_cost {
    double full, rungs;
};
struct tune_cost tune_cost(const struct study *s, const struct arm *a);
#endif
