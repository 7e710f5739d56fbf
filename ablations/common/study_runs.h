/* study_runs.h - choose the runs of a study that an analysis uses. */
#ifndef STUDY_RUNS_H
#define STUDY_RUNS_H

#include "core/opt/opt.h"
#include "experiments/assets/session.h"
#include "results/store/analyses.h"

/* A run of a study. The strings are owned by the struct. */
struct study_run {
    int64_t run_id;
    char key[65], cell[65];
    char weights[65]; /* SHA-256 of the checkpoint the run started from; "" if it is unknown */
    char dev[65];     /* of the dev split of its task; "" if it is unknown */
    char *model, *task, *method, *targets, *state;
    char *task_file;   /* the file of a user's own task, otherwise its name */
    char *adapter_dir; /* relative to HOME; NULL if the store does not name one */
    int rank;          /* 0 if the method has no rank */
    long seed;
};

/* Which runs of a study's newest plan are wanted. A field that is NULL accepts every run. METHODS
 * and RANKS are lists ("lora,ft", "4,64"); TARGETS and RANKS apply to LoRA runs only. Where a
 * study tried several nuisance settings, only the trial that was best on dev is considered. */
struct wanted_runs {
    const char *study, *methods, *targets, *task, *ranks, *seed;
};

/* study_runs_find - the wanted runs in any state, ordered by cell, then by seed. Returns their
 * number, which may be 0; *out is freed by study_runs_free. Errors: FAIL_RUN for an unknown study,
 * FAIL_STORE. */
int study_runs_find(struct study_run **out, struct store *s, const struct wanted_runs *w);
void study_runs_free(struct study_run *r, int n);

/* study_runs_done - the wanted runs that are finished, all of one task and one checkpoint; a
 * warning says how many unfinished runs are left out. Errors: those of study_runs_find; FAIL_RUN
 * if no run is finished, or none of a rank that was asked for, with the command that makes some;
 * FAIL_USAGE if the runs are of several tasks; FAIL_INPUT if two of them were trained on different
 * weights. */
int study_runs_done(struct study_run **out, struct store *s, const struct wanted_runs *w);

/* study_runs_same_inputs - are the weights, and the dev split of the task, still those that the N
 * finished runs of one task and one checkpoint were trained with? Errors: FAIL_INPUT, a line that
 * names the file. */
int study_runs_same_inputs(const struct study_run *r, int n, struct session *ses);

/* study_runs_ranks - the ranks of the study's LoRA runs with these targets (and this task),
 * ascending, one per row. Errors: FAIL_RUN for an unknown study, FAIL_STORE. */
int study_runs_ranks(struct rows *r, struct store *s, const struct wanted_runs *w);

/* study_runs_recipe - the name or file to give to 'lowrank sweep' for more runs of STUDY; the
 * caller frees it. */
char *study_runs_recipe(struct store *s, const char *study);

/* study_runs_mismatch - record that A and B were trained on different weights; returns -1. */
int study_runs_mismatch(const struct study_run *a, const struct study_run *b);

/* Options that analyses share, for the option table of a struct T that has a string with the name
 * of the option. */
#define STUDY_OPTION(T, STUDY)                                                                     \
    {                                                                                              \
        "study", 0, OPT_STR, offsetof(T, study), STUDY, 0, 0, NULL, "study with finished runs"     \
    }
#define TASK_OPTION(T)                                                                             \
    {                                                                                              \
        "task", 0, OPT_STR, offsetof(T, task), NULL, 0, 0, NULL,                                   \
            "task of the runs, if the study has several"                                           \
    }
#define METHODS_OPTION(T)                                                                          \
    {                                                                                              \
        "methods", 0, OPT_LIST, offsetof(T, methods), NULL, 0, 0, NULL,                            \
            "methods of the runs; by default all methods of the study"                             \
    }
#define TARGETS_OPTION(T, CHOICES)                                                                 \
    {                                                                                              \
        "targets", 0, OPT_LIST, offsetof(T, targets), "q,v", 0, 0, CHOICES,                        \
            "target modules of the runs; each of these matrices is analyzed"                       \
    }
#endif
