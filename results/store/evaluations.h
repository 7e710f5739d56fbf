/* evaluations.h - numbers of stored adapters that 'lowrank reevaluate' scored on a split. */
#ifndef EVALUATIONS_H
#define EVALUATIONS_H

#include "results/store/store.h"

struct evaluation {
    int64_t run_id;
    const char *adapter; /* "chosen", "last" */
    const char *split;   /* "dev", "test" */
    long n;              /* examples that were asked for; 0: all */
    const char *sha256;  /* of the data file */
    struct evaluation_value {
        char name[24];
        double value;
    } * value; /* [n_values] loss, then the task's metrics */
    struct evaluation_answer {
        long example; /* its line in the file */
        double label, output;
    } * answer; /* [n_answers] one for each example */
    size_t n_values, n_answers;
};
/* evaluations_put - store E in one transaction; one of the same run, adapter, split, and N is
 * replaced. */
int evaluations_put(struct store *s, const struct evaluation *e);
#endif
