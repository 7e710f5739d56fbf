/* run_one.h - one run from its recipe to its rows in the store. */
#ifndef RUN_ONE_H
#define RUN_ONE_H

#include "experiments/study/study.h"
#include "results/store/lease.h"
#include "results/store/store.h"

#include <stdatomic.h>

/* Progress of a worker, in memory that it shares with its parent. */
struct slot {
    atomic_int pid;
    atomic_int run; /* index of the run it has, -1: none */
    atomic_long step, steps;
    atomic_long tokens; /* trained on by this worker, all its runs */
};

struct run_env {
    struct store *store;
    struct pool *pool;
    struct slot *slot; /* may be NULL */
    int jobs;          /* workers beside each other, this one included */
    double lease_s;    /* how long a claim lasts without a sign of life */
};

/* What came of it. */
enum run_fate {
    FATE_OVER,    /* done, diverged or failed: recorded */
    FATE_STOPPED, /* checkpoint written, run queued again */
    FATE_LOST,    /* the claim is another's now; nothing recorded */
    FATE_FAULT    /* the store itself failed: stop working; fail_text() says why */
};
struct run_report {
    enum run_fate fate;
    enum run_state state;
    char error[320]; /* why it failed or diverged, "" else */
    double wall_s;
};
/* run_one - train the claimed run and finish its claim. */
void run_one(struct run_report *out, const struct run_env *e, const struct plan_run *p,
             const struct lease *c);

/* run_again (run_again.c) - train it once more without touching the store, and compare every number
 * with the stored ones. When all agree and the run's adapter folder is gone, it is written again.
 * Returns how many differ (each is printed to stdout), -1 after fail. */
long run_again(const struct run_env *e, const struct plan_run *p);

/* run_build - the model of a recipe over its loaded base, and its data; refuses inputs that changed
 * since the plan. run_save_adapters - HOME/adapters/KEY/last and, when the best evaluation was
 * another, /best (from BEST [n_train]); *rel becomes the folder relative to HOME, owned by the
 * caller. */
int run_build(struct model *m, struct run_data *d, const struct recipe *r);
int run_save_adapters(struct model *m, const struct recipe *r, const struct run_result *res,
                      const real *best, char **rel);

/* lease_for - seconds of a claim: evaluations, in which nothing ticks, fit well inside. */
double lease_for(const struct plan_run *p);

/* provenance_json - commit, compiler, CPU, BLAS, host, threads; caller frees. */
char *provenance_json(int threads);
#endif
