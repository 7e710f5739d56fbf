/* study.h - a study file, expanded to its runs. */
#ifndef STUDY_H
#define STUDY_H

#include "experiments/recipe/recipe.h"

/* A study file:
 *   study: rank                           its name in the store; unique there, and not "run". By
 *                                         default, and of a copy of a study in another file, the
 *                                         name of the file
 *   title: rank against matrices          shown by 'lowrank list studies'
 *   source: Hu et al. 2021, Table 6
 *   base: {model: minilm, task: supersense, method: lora, ...}
 *   axes: {rank: [1, 2, 64], targets: [[q], [q, v]]}      every combination
 *   zip: {rank: [8, 4], alpha: [8, 4]}    values in pairs; lists of equal length
 *   nuisance: {lr: [5e-4, 1e-3]}          trials: the best value of each cell is chosen on dev;
 *                                         all are stored
 *   search: {lr: {log: [1e-4, 1e-1]}, trials: 8}    each arm, a cell without these keys, is first
 *                                         tuned: see search.h
 *   budget: {params: 36864}               trainable parameters without the head, from which the
 *                                         rank follows
 *   exclude: [{rank: 64, targets: [q]}]   conditions: a run that matches all keys of an item is
 *                                         left out; a list of values matches each of them
 *   only: [...]                           a run must match one of the items
 *   when: [{if: {method: ft}, set: {lr: 1e-4}}]      settings of the runs that match a condition
 *   full: {base: {...}, axes: {...}, seeds: 5}       the longer form of the study, for --profile
 *                                         full: settings in its base win, its other parts replace
 *                                         those of the file
 *   seeds: 3                              1 to 3, or a list; 5 by default
 *   metric: accuracy                      "best accuracy", "last accuracy": of the best or the last
 *                                         evaluation of the reported split; "chosen accuracy": of
 *                                         that which the split that chooses prefers, the default
 *                                         where another split chooses (select, report), else best;
 *                                         tasks without the metric show their own, and all tasks do
 *                                         with "own"
 *   table: {rows: rank, cols: targets}    how its results are shown, or the name of a table and of
 *   figure: {x: rank, series: targets}    a figure: shown.h
 * A file without axes is a study of one cell. Words on the command line override base; a word that
 * names an axis replaces the axis, and one with several values (axes_word) is one. */
struct study {
    char *name, *title, *path, *source, *metric;
    char *text; /* of a study without a file: what its file will be; owned */
    struct settings base;
    json_t *shown; /* its "table" and "figure", see shown.h */
    json_t *spec;  /* for the store: axes, nuisance and seeds as written; title, ...; the words */
    struct plan_run *runs;
    int n_runs, n_cells;
    int n_shared;            /* combinations of values that are the same run as an earlier one */
    char **axis;             /* keys that vary, NULL-terminated */
    long budget;             /* 0: none */
    struct arms *arms;       /* of a study with a search, else NULL; owned */
    struct run_index *index; /* of the keys of its runs; owned */
};
struct plan_run {
    struct recipe recipe;
    char point[65];     /* the key without seed and nuisance values */
    char *trial;        /* nuisance or searched values, JSON */
    double cost_s;      /* estimated seconds; 0: not estimated */
    double eval_s;      /* of these, the longest evaluation */
    double texts_s;     /* of these, the evaluation by generated texts */
    size_t rss;         /* estimated bytes that a worker adds; 0: not estimated */
    size_t kept;        /* of these, the frozen-prefix cache */
    size_t texts_bytes; /* that the evaluation by generated texts takes; rss has the larger of this
                           and of training */
    int cell;           /* index of its cell, in the order of the file */
    int n_combinations; /* combinations of the study's values that are this run */
    bool tunes;         /* a run of a tuning seed of a search */
    bool reports;       /* what tables show: every run of a study without a search */
    long until;         /* the epochs after which it is paused for now; 0: none */
    long since;         /* the epochs that it has behind it, for estimates of time */
};

/* study_load - read the file PATH, expand it to at most 100,000 runs (any number with YES_REALLY)
 * and resolve them. OVERRIDES (may be NULL) win over base; SEEDS > 0 stands for the seeds 1 to
 * SEEDS. Freed by study_free. Errors: FAIL_USAGE with file:line:column; those of recipe_resolve. */
enum profile { PROFILE_QUICK, PROFILE_FULL };
int study_load(struct study *s, struct session *ses, const char *path,
               const struct settings *overrides, long seeds, enum profile profile, bool yes_really);
void study_free(struct study *s);

/* study_load_text - the same of TEXT, as if it stood in the file PATH; TEXT NULL: it does. */
int study_load_text(struct study *s, struct session *ses, const char *path, const char *text,
                    const struct settings *overrides, long seeds, enum profile profile,
                    bool yes_really);

/* study_warn_unused - warn of those settings of WORDS that no run of the study uses. */
void study_warn_unused(const struct study *s, const struct settings *words);
#endif
