/* store.h - the result database: opening it, planning the runs of a study, and asking what state a
 * run is in. What happens to a run afterwards is in lease.h (taking and ending it), metrics.h (its
 * numbers), analyses.h (numbers computed from finished runs) and measurement.h (speed). Reading is
 * results/query/query.h.
 *
 * The database is one SQLite file in WAL mode with STRICT tables, foreign keys and
 * synchronous=FULL. Every write transaction is IMMEDIATE, so that several workers and readers fail
 * on a lock only after the timeout. The schema is results/schema/NNN_*.sql, applied in order inside
 * one transaction; PRAGMA user_version holds the version, application_id marks the file as ours.
 *
 * Functions of this folder return -1 after fail(FAIL_STORE, ...) unless they say otherwise. */
#ifndef STORE_H
#define STORE_H

#include "core/opt/home.h"
#include "core/opt/opt.h"
#include "results/rows/rows.h"

struct store;
enum store_mode { STORE_READ, STORE_WRITE /* creates and migrates */ };
/* store_open - open the database PATH. Refuses a file that is not a database, belongs to another
 * program, was made by a newer version, lies on a network file system (where WAL is unsafe) or is
 * damaged (a quick check of its schema, and of all pages unless it is large; verify_quick), and a
 * log that is missing or belongs to another database (wal.h). Before a migration it keeps
 * a copy named "NAME.vN.bak". STORE_READ of a file that does not exist fails with "no results yet"
 * and the command that makes some. */
int store_open(struct store **s, const char *path, enum store_mode mode);
void store_close(struct store *s);
/* store_reopen_after_fork - open a connection of its own in a child process. The child must call it
 * before it uses S, because SQLite forbids sharing a connection across fork(). */
int store_reopen_after_fork(struct store *s);

/* --- planning */

/* A run that tunes: the columns of the table tuning. */
struct tuning_spec {
    const char *outcome, *metric, *edge; /* EDGE may be NULL */
    int extension, rung;
    long epochs;
    double score; /* NAN: none */
};
struct run_spec {
    const char *key;   /* 64 hex digits: SHA-256 of the canonical recipe and of every input file */
    const char *cell;  /* the same without the seed */
    const char *point; /* the same without seed and nuisance keys: shared by the trials of a cell */
    const char *trial; /* values of the nuisance keys as JSON, "{}" for none */
    const char *config; /* canonical recipe, flat JSON: {"model":"minilm","rank":8,...} */
    double cost;        /* estimated seconds; the costliest runs start first */
    const struct tuning_spec *tuning; /* NULL: it does not tune */
    bool only_tunes;                  /* and it is not reported */
};
struct sweep_spec {
    const char *name; /* "rank" */
    const char *spec; /* JSON: axes, nuisance, metric, seeds, source */
    bool one_plan;    /* its runs have nothing in common: all belong to one plan */
};
/* store_plan - record the study W and its N runs in one transaction. A run whose key is known is
 * linked to the study, never duplicated. A study that was archived is taken back. */
int store_plan(struct store *s, const struct sweep_spec *w, const struct run_spec *r, int n);

/* --- states */

enum run_state {
    STATE_NEW,
    STATE_QUEUED,
    STATE_RUNNING,
    STATE_DONE,
    STATE_DIVERGED,
    STATE_FAILED,
    STATE_EXCLUDED
};
extern const char *const state_names[];
/* store_state - the state of the run with this key: STATE_NEW when the store does not know it,
 * STATE_QUEUED for a running one whose lease is stale. */
int store_state(struct store *s, const char *key);
/* store_requeue - put the failed runs of a study (and with DIVERGED the diverged ones) back into
 * the queue. Returns how many. SWEEP NULL, here and below: of every study. */
long store_requeue(struct store *s, const char *sweep, bool diverged);
/* store_requeue_run - the same of one failed run. */
long store_requeue_run(struct store *s, const char *key);
/* store_counts - how many runs of a study are in each state; a running one with a stale lease
 * counts as queued, and one of a trial that a search stopped not at all. */
struct sweep_counts {
    long total, done, diverged, failed, running, queued;
};
int store_counts(struct store *s, const char *sweep, struct sweep_counts *c);

/* store_fixed - X with DIGITS digits after the point, rounded as printf does in SQL, which is not
 * how C does it (76.25 is 76.3 in SQL and 76.2 in C), so that a number is the same text wherever a
 * table shows it. BUF holds it and is returned. */
enum { STORE_FIXED = 352 }; /* the largest double has 309 digits */
const char *store_fixed(char buf[STORE_FIXED], double x, int digits);
#endif
