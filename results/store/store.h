/* store.h - the result database: what was asked (run), what happened (attempt), what came out
 * (metric, result, prediction, phi, analysis). The only folder that sees SQLite.
 *
 * One file, WAL, STRICT tables, foreign keys, synchronous=FULL; every write transaction is
 * IMMEDIATE, so several workers and readers never fail on a lock before the timeout. Schema:
 * results/schema/NNN_*.sql, applied in order by PRAGMA user_version inside one transaction;
 * application_id marks the file as ours. All functions return -1 after fail(FAIL_STORE, ...) unless
 * they say otherwise. */
#ifndef STORE_H
#define STORE_H

#include "core/base/home.h"
#include "core/base/opt.h"
#include "results/rows/rows.h"

struct store;
enum store_mode { STORE_READ, STORE_WRITE /* creates and migrates */ };
/* Refused: a file that is no database, not ours, made by a newer version, on a network file system
 * (WAL), damaged (quick check of the header and schema). A backup "NAME.vN.bak" is made before a
 * migration. STORE_READ of an absent file: "no results yet; run 'lowrank sweep
 * ablations/rank.yaml'". */
int store_open(struct store **s, const char *path, enum store_mode mode);
void store_close(struct store *s);
/* store_reopen_after_fork - a child must call this before anything else (SQLite forbids sharing).
 */
int store_reopen_after_fork(struct store *s);

/* --- what was asked */
struct run_spec {
    const char *key;    /* 64 hex: sha256 of the canonical recipe and of every input file */
    const char *cell;   /* the same without the seed */
    const char *point;  /* the same without seed and nuisance keys: what the study compares */
    const char *trial;  /* the nuisance values as JSON, "{}" without */
    const char *config; /* canonical recipe, JSON, flat: {"model":"minilm","rank":8,...} */
    double cost;        /* estimated seconds: long runs are claimed first */
};
struct sweep_spec {
    const char *name; /* "rank" */
    const char *spec; /* JSON: axes, nuisance, metric, seeds, source */
};
/* store_plan - add the sweep and its runs (known keys are linked, never duplicated) in one
 * transaction. */
int store_plan(struct store *s, const struct sweep_spec *w, const struct run_spec *r, int n);

enum run_state {
    STATE_NEW,
    STATE_QUEUED,
    STATE_RUNNING,
    STATE_DONE,
    STATE_DIVERGED,
    STATE_FAILED,
    STATE_CANCELLED
};
extern const char *const state_names[];
/* store_state - of a key; STATE_NEW when unknown. With a stale lease RUNNING counts as QUEUED. -1:
 * error. */
int store_state(struct store *s, const char *key);
/* store_requeue - failed (and, with DIVERGED, diverged) runs of a sweep back to queued; returns how
 * many. */
long store_requeue(struct store *s, const char *sweep, bool diverged);
struct sweep_counts {
    long total, done, diverged, failed, running, queued;
};
int store_counts(struct store *s, const char *sweep, struct sweep_counts *c);

/* --- what happened */
struct lease {
    int64_t run_id;
    int attempt;
    char key[65], cell[65];
    char *config;   /* owned; free with lease_free */
    char owner[96]; /* "host:pid:bootid" */
};
/* store_lease - one statement: the costliest queued run of SWEEP (or one whose lease ran out, or
 * whose owner on this host and boot is dead) becomes ours for TTL seconds. 1: claimed; 0: nothing
 * to do; -1. KEY NULL: any. */
int store_lease(struct store *s, const char *sweep, const char *key, double ttl, struct lease *c);
void lease_free(struct lease *c);
int store_attempt_env(struct store *s, const struct lease *c,
                      const char *env_json); /* deduplicated */
/* store_renew - 1: still ours (lease extended, heartbeat, step written); 0: lost, stop and drop the
 * result. */
int store_renew(struct store *s, const struct lease *c, double ttl, long step);
struct attempt_end {
    enum run_state state; /* DONE, DIVERGED, FAILED, or QUEUED (stopped with a checkpoint) */
    const char *error;    /* one line or NULL */
    int exit_code, signal;
    long resumed_step, last_step;
    double wall_s, cpu_s, tokens, train_s;
    size_t peak_rss;
    long trainable, trainable_head, total_params,
        formula_count;       /* formula_count: closed form, without head */
    const char *adapter_dir; /* relative to the home, or NULL */
};
/* store_finish - flush, write the attempt's end and the run's state if the claim is still ours (0:
 * it was not). FAILED goes back to queued while attempts < 3 when RETRY. */
int store_finish(struct store *s, const struct lease *c, const struct attempt_end *e, bool retry);
/* store_lost - the parent saw the worker PID die by SIGNAL: end the attempts it owned on this host.
 */
int store_lost(struct store *s, int pid, int signal, const char *error);
int store_input(struct store *s, const struct lease *c, const char *role, const char *path,
                const char *sha256,
                long bytes); /* role: "weights", "tokenizer", "train", "dev", "adapter" ... */

/* --- what came out. Buffered; flushed about once a second, at evaluations (store_flush) and at the
 * end. NaN and infinities keep their name. point: split "train"/"dev"/"test" are curves;
 * "best"/"last"/"test"/"test_best" also become rows of result. */
int store_metric(struct store *s, const struct lease *c, long step, const char *split,
                 const char *name, double value);
int store_prediction(struct store *s, const struct lease *c, const char *split, long example,
                     double label, double output);
int store_flush(struct store *s);

/* --- what computed studies find in finished runs (ablations/NAME.c); columns: see
 * results/schema/005_analysed.sql. The view "analyses" adds the facts of the runs. */
struct analysis_set {
    const char *study, *kind; /* "rank", "amplify" */
    const char *settings;     /* options other than usual that change its numbers: "n=300"; or "" */
};
struct analysis_row {
    int64_t run_a, run_b; /* run_ids; 0: no run */
    int layer;            /* from 0; -1: of no layer */
    const char *proj;     /* "q"; "": of no matrix */
    int i, j;             /* directions, from 1; 0: nothing counted */
    const char *name;     /* "norm_dw" */
    double value;         /* NaN is stored as NULL: not defined */
};
/* store_analysis - in one transaction; rows of the same keys are replaced, others of the set stay,
 * and the set becomes the newest of its study and kind. An infinite value is a bug (CHECK). Errors:
 * FAIL_STORE. */
int store_analysis(struct store *s, const struct analysis_set *set, const struct analysis_row *rows,
                   size_t n);

/* --- reading: a query as a table of text cells */

/* store_query - one statement that only reads (the connection is read-only and an authorizer
 * refuses writes, ATTACH and PRAGMA writes). SQL may use :name parameters; params: NAME, VALUE, ...,
 * NULL; a missing parameter is NULL in SQL. *r by rows_free. Errors: FAIL_USAGE with SQLite's message
 * for bad SQL. */
int store_query(struct store *s, struct rows *r, const char *sql, const char *const *params);

/* query_find - text of a named query (results/queries/NAME.sql, built into the binary); NULL:
 * unknown. query_names: NULL-terminated. A query's first line is "-- one line: what it shows". */
const char *query_find(const char *name);
const char *const *query_names(void);
/* query_make - the command that makes what the query shows, when its second line says so ("-- make:
 * lowrank ablate amplify"), else NULL; the caller frees it. */
char *query_make(const char *name);
bool query_takes(const char *sql, const char *param); /* does it use :PARAM? */
#endif
