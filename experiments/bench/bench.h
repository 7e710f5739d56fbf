/* bench.h - what 'lowrank bench' measures, and the pieces that its kinds share. */
#ifndef BENCH_H
#define BENCH_H

#include "core/base/prof.h"
#include "core/math/rate.h"
#include "experiments/recipe/recipe.h"
#include "results/store/measurement.h"
#include "results/store/store.h"

#define BENCH_AXES "all|model|length|batch|rank|runs"

struct bench_cfg {
    long threads, jobs, runs, tokens, sequences; /* 0: the kind's own */
    double seconds;
    char *home, *data;
    struct session *session; /* of home and data */
    int axis;                /* of BENCH_AXES */
    int format;
    bool no_store;
};

/* Each takes its own words of the command line, prints a table and keeps it. Errors: as the commands
 * that they are parts of; FAIL_STOPPED, and then nothing is kept. */
int bench_gemm(const struct bench_cfg *c, int n, char **words);
int bench_step(const struct bench_cfg *c, int n, char **words);
int bench_task(const struct bench_cfg *c, int n, char **words);
int bench_sweep(const struct bench_cfg *c, int n, char **words);
int bench_forward(const struct bench_cfg *c, int n, char **words);
int bench_scale(const struct bench_cfg *c, int n, char **words);

/* --- bench_geometry.c: shapes by name */

/* bench_words - the words as settings; a first one without '=' is the value of FIRST, "model" (a
 * geometry, a fetched model or a folder) or "task". Errors: FAIL_USAGE. */
int bench_words(struct settings *v, const char *first, int n, char **words);

/* A model of random weights in the shapes of a geometry, with a method attached, and random examples
 * of one length. */
struct bench_model {
    struct recipe r;
    struct dims d;
    struct base_model base;
    struct model m;
    struct task task;
    struct dataset set;
};
/* bench_dims - the shapes of the geometry that V names, else of GEOMETRY. Errors: FAIL_USAGE: no such
 * geometry, an architecture that this build has not; FAIL_INPUT. */
int bench_dims(struct dims *d, struct session *ses, const struct settings *v, const char *geometry);
/* bench_model_init - SEQUENCES and TOKENS: of a batch; a batch= among the words wins. UPDATE, if not
 * NULL, is added to the weights first: that of an adapted model of the same geometry. Errors: as
 * recipe_parse, bench_dims, model_init; FAIL_USAGE for more tokens than the model has positions. */
int bench_model_init(struct bench_model *b, struct session *ses, const struct settings *v,
                     const char *geometry, long sequences, long tokens, const struct model *update);
void bench_model_free(struct bench_model *b);
/* bench_model_fill - numbers for what a method added, but the head: a trained update is not zero. */
void bench_model_fill(struct model *m);
/* bench_set_init - N random examples of TOKENS tokens, with labels of two classes if asked. */
void bench_set_init(struct dataset *s, const struct dims *d, int n, int tokens, bool labels);
void bench_set_free(struct dataset *s);
/* bench_method - "lora rank=8 targets=q,v" into buf; returns buf. bench_precision - "f32" or "bf16":
 * of the recipe, or where M is given and all its matrices train, of those. */
const char *bench_method(char buf[120], const struct recipe *r);
const char *bench_precision(char buf[16], const struct recipe *r, const struct model *m);

/* --- bench_needed.c: the operations that cannot be avoided */

/* Operations of one forward pass, or of a training step, on this batch: multiplications and
 * additions of
 *     linear layers of the blocks   2 P a token forward, 2 P for the input gradient from the lowest
 *                                   layer that anything is trained in, 2 P for the gradient of a
 *                                   trained one; P the numbers of the matrix. In the last block with
 *                                   pooling cls all but k and v are of first tokens only
 *     adapters                      2 P forward, 4 P backward
 *     attention                     4 L^2 d forward, 8 L^2 d backward a layer and sequence of L
 *                                   tokens; half of it for a decoder, which looks back only
 *     head of a decoder             2 V d a predicted token forward, 2 V d for the gradient of its
 *                                   input, 2 V d for its own when it is trained
 * as if nothing were computed twice, for padding or for nothing. Softmax, norms, activations, the
 * small head of a classifier and the update are not counted. */
struct bench_load {
    double sequences, tokens, squares; /* squares: sum over sequences of L^2 */
};
struct bench_load bench_load_of(const struct dataset *d);
double bench_needed(const struct model *m, const struct bench_load *l, bool backward);

/* --- bench_rate.c: the machine's own products */

/* bench_rate - GFLOP/s of a product on THREADS threads at once, each its own. */
double bench_rate(const struct gemm_case *c, double seconds, int threads);
/* bench_model_rate - the packed products of one block of this model, one after another: operations
 * over time. */
double bench_model_rate(const struct dims *d, const char *precision, double seconds, int threads);
double bench_median(double *x, int n); /* of n numbers, which it sorts */

/* --- bench_steps.c: training steps, timed */

struct bench_job {
    const struct bench_cfg *c;
    const struct recipe *r;
    struct model *m;
    struct run_data data;
    int threads;
    long steps; /* 0: as many as fit into some seconds */
};
struct bench_times {
    long steps;
    double ms_median, ms_best, tokens_per_s, examples_per_s;
    double needed, gemm_before, gemm_after; /* GFLOP/s */
    double peak_rss_mb, own_mb;             /* of the process; of it, not shared with a parent */
    double share[N_WORK + 1];               /* % of threads x time by kind; last: waiting */
};
/* bench_time - some steps that do not count, then the timed ones, then a few with the profile on.
 * The rates of products are taken before and after. Errors: FAIL_RUN when a number is not finite,
 * FAIL_STOPPED, FAIL_MEMORY. */
int bench_time(struct bench_times *t, const struct bench_job *j);
/* bench_shares - SECONDS of each kind of work (prof_read) in % of THREADS times WALL; last: the rest. */
void bench_shares(double share[N_WORK + 1], const double seconds[N_WORK], double wall, int threads);
/* bench_gemm_rate - of the rates before and after: the mean. */
static inline double bench_gemm_rate(const struct bench_times *t)
{
    return (t->gemm_before + t->gemm_after) / 2;
}

/* --- bench_turns.c: forward passes of several models, timed in turns, so that what the machine does
 * meanwhile meets all of them; a ratio is that of two passes of one turn. Within a turn the models are in
 * a random order, and a pass is timed right after another of the same model: what a predecessor left in
 * the caches does not count, nor does a place in the turn. */
enum { BENCH_MOST_TURNS = 400, BENCH_MOST_SIDES = 8 };
struct bench_side {
    const struct model *m;
    struct workspace *ws;
    double ms[BENCH_MOST_TURNS];
    int place[BENCH_MOST_TURNS]; /* in the turn, from 0 */
};
/* bench_turns - as many turns as fit into SECONDS, at least a few. ORDERS: which sequence of random
 * orders. Returns the turns; -1: FAIL_MEMORY, FAIL_STOPPED. */
int bench_turns(struct bench_side *s, int n, const struct batch *b, double seconds,
                uint32_t orders);
/* bench_to_base - median and quartiles of the ratios of side S to BASE; the times must still be in the
 * order of turns. */
void bench_to_base(double out[3], const struct bench_side *s, const struct bench_side *base,
                   int turns);

/* --- bench_report.c: tables */

/* A table whose rows are points: first columns that say what was measured, then numbers. */
struct bench_table {
    const char *kind;
    int n_what;
    const char *const *show; /* columns of the printed table, NULL-terminated; NULL: all */
    struct rows rows;
    double started;
};
/* bench_table_init - COLS: N_WHAT names of what, then of numbers; NULL-terminated. */
void bench_table_init(struct bench_table *t, const char *kind, int n_what, const char *const *cols);
/* bench_table_add - a point; a number that is NAN is absent. */
void bench_table_add(struct bench_table *t, const char *const *what, const double *x);
/* bench_end - store the table (unless --no-store), print it, free it. V: the words. */
int bench_end(struct bench_table *t, const struct bench_cfg *c, const struct settings *v);

/* The columns of shares but the last, and those of struct bench_times, for tables of steps. */
#define BENCH_WORK_COLS                                                                            \
    "frozen_pct", "trained_pct", "adapter_pct", "attention_pct", "norm_pct", "act_pct",            \
        "loss_pct", "optim_pct", "dropout_pct", "other_pct"
#define BENCH_TIMES_COLS                                                                           \
    "steps", "ms_median", "ms_best", "tokens_per_s", "examples_per_s", "needed_gflops",            \
        "gemm_gflops", "gemm_before", "gemm_after", "ratio", "peak_rss_mb", BENCH_WORK_COLS,       \
        "waiting_pct"
enum { BENCH_TIMES_N = 11 + N_WORK + 1 };
void bench_times_numbers(double x[BENCH_TIMES_N], const struct bench_times *t);
#endif
