/* plan.h - a study file to cells and runs. */
#ifndef PLAN_H
#define PLAN_H

#include "experiments/recipe/recipe.h"
#include "results/store/store.h"

/* A study file:
 *   study: rank                           name in the store: one file's alone, not "run"
 *   title: rank against matrices          for 'lowrank list studies'
 *   source: Hu et al. 2021, Table 6
 *   base: {model: minilm, task: supersense, method: lora, ...}
 *   axes: {rank: [1, 2, 4, 8, 64], targets: [[q], [q, v]]}      product
 *   zip: {rank: [8, 4], alpha: [8, 4]}                          paired values: equal lengths
 *   nuisance: {lr: [5e-4, 1e-3]}           best value per cell chosen on dev; all trials are kept
 *   budget: {params: 36864}                rank solved from a number of trained parameters without
 *                                          the head
 *   exclude: [{rank: 64, targets: [q]}]    conditions: a run that matches all keys of an item is
 *                                          left out; a list of values means any of them
 *   only: [...]                            a run must match one item
 *   when: [{if: {method: ft}, set: {lr: 1e-4}}]     keys of the runs that match a condition
 *   full: {base: {...}, axes: {...}, seeds: 5}      the longer form of the study, --profile full: keys
 *                                          of its base win, other parts take the place of these here
 *   seeds: 3                               1..3, or a list; 5 when absent
 *   metric: accuracy                       on dev, best or last: "best accuracy" is the default; a task
 *                                          without it shows its own, and all do with "own"
 *   table: rank   figure: rank             named query and figure
 * A file without axes is a study of one cell. Words of the command line win over base; one that
 * names an axis takes the axis' place. */
struct study {
    char *name, *title, *path, *source, *table, *figure, *metric;
    struct settings base;
    json_t *spec; /* for the store: axes, nuisance, seeds as they stand; texts; how it was asked */
    struct plan_run *runs;
    int n_runs, n_cells, n_shared; /* n_shared: points that had the same key as an earlier one */
    char **axis;                   /* keys that vary, NULL-terminated */
    long budget;                   /* 0: none */
};
struct plan_run {
    struct recipe recipe;
    char point[65]; /* key without seed and nuisance */
    char *trial;    /* nuisance values, JSON */
    double cost_s;  /* estimate; 0: not calibrated */
    double eval_s;  /* of it, the longest evaluation */
    size_t rss;     /* estimate of what a worker adds, bytes; 0: not asked */
    size_t kept;    /* of that, what the frozen part computes from the examples */
    int cell;       /* index of its cell, in the order of the file */
    int n_points;   /* of the study that came to this run */
};
/* study_load - read, expand (at most 100,000 runs unless YES_REALLY), resolve; OVERRIDES win over
 * base; seeds > 0 overrides the file. Errors: FAIL_USAGE with file:line:column. */
enum profile { PROFILE_QUICK, PROFILE_FULL };
int study_load(struct study *s, struct session *ses, const char *path,
               const struct settings *overrides, long seeds, enum profile profile, bool yes_really);
/* study_tell_idle - a warning that names those words that no run of the study has a use for. */
void study_tell_idle(const struct study *s, const struct settings *words);
void study_free(struct study *s);

/* budget_find - what spends PARAMS trained numbers: the largest rank, or for methods without one the
 * largest prefix, whose closed form is at most that, set in the recipe. Errors: FAIL_USAGE: the
 * smallest value trains more, or the method has neither. budget_solve - the same without *B. */
struct budget {
    const char *key;   /* "rank" or "prefix" */
    long value, count; /* and what that trains */
    long above;        /* what value + 1 trains; 0: it is the largest there is */
};
int budget_find(struct budget *b, struct recipe *r, const struct dims *d, long params);
int budget_solve(struct recipe *r, const struct dims *d, long params);
/* budget_parse - "36864", "0.3M", "18M", "175B". Errors: FAIL_USAGE. */
int budget_parse(long *params, const char *text);

/* --- The study in the store (study_store.c). */

/* study_check_name - what stands under the study's name in the store (NULL: nothing yet) came of this file,
 * or of one that is gone. Warns of a name of the program's own studies. Errors: FAIL_USAGE. */
int study_check_name(struct store *store, const struct study *s);
/* study_put - put the study into the store under its name. */
int study_put(struct store *store, const struct study *s);
/* study_states - state of every run, from the store. */
int study_states(enum run_state *state, struct store *store, const struct study *s);
#endif
