/* study_runs.h - which runs a computed study looks at, and where what they trained lies. */
#ifndef STUDY_RUNS_H
#define STUDY_RUNS_H

#include "core/base/opt.h"
#include "results/store/analyses.h"

struct study_run {
    int64_t run_id;
    char key[65], cell[65],
        weights[65]; /* weights: SHA-256 of the checkpoint it started from; "": unknown */
    char *model, *task, *method, *targets, *state, *adapter_dir; /* owned; the last: NULL or path */
    int rank;                                                    /* 0: the method has none */
    long seed;
};

/* What is wanted of the runs of a study's newest plan (of each point the trial that was best on
 * dev). NULL: any. methods and ranks are lists: "lora,ft", "4,64"; ranks holds for LoRA alone. */
struct study_want {
    const char *study, *methods, *targets, *task, *ranks, *seed;
};

/* study_runs - of every state, in order of the study and of seeds. Returns how many, perhaps none;
 * *out by study_runs_free. Errors: FAIL_STORE. */
int study_runs(struct study_run **out, struct store *s, const struct study_want *w);
void study_runs_free(struct study_run *r, int n);

/* study_runs_done - the finished ones, of one task and of one checkpoint; a warning says how many
 * are left out. Errors: FAIL_RUN when there is none, or none of a rank that was asked for, with the
 * command that makes some; FAIL_USAGE for several tasks; FAIL_INPUT when two were trained on
 * different weights, naming both. */
int study_runs_done(struct study_run **out, struct store *s, const struct study_want *w);

/* study_recipe - what 'lowrank sweep' takes to make more of its runs: a name or a file. The caller
 * frees it. */
char *study_recipe(struct store *s, const char *study);

/* study_differ - records that A and B were trained on different weights; -1. */
int study_differ(const struct study_run *a, const struct study_run *b);

/* study_run_file - adapter_model.safetensors of its last step; the caller frees it. Errors: NULL
 * after FAIL_RUN that says how to make it. */
char *study_run_file(const struct study_run *r);

/* study_ranks - N ranks of the study's LoRA runs with these targets: GIVEN ("4,64"), else the
 * smallest from FROM, those that follow it, and the largest. *out: a list, owned by the caller.
 * Errors: FAIL_USAGE for a GIVEN that is no list of ranks; FAIL_RUN: too few, and what is missing. */
int study_ranks(char **out, struct store *s, const struct study_want *w, const char *given,
                long from, int n);

/* study_settings - "key=value key=value" of the options OPTS[FROM..] of CFG that have not their usual
 * value: those that change a number, not those that choose among runs. "" for none; the caller
 * frees it. */
char *study_settings(const struct opt *opts, const char *from, const void *cfg);

/* Numbers on their way to the store; the row is the caller's to free. */
struct numbers {
    struct analysis_row *row;
    size_t n;
};
void numbers_put(struct numbers *t, struct analysis_row row);

/* study_store - the numbers of SET to the store, and a line that says so and which TABLE shows them.
 * Errors: FAIL_STORE. */
int study_store(struct store *s, const struct analysis_set *set, const struct numbers *t,
                const char *table);
#endif
