/* lease.h - a worker's right to a run: taking it, renewing it while the run trains, ending it.
 *
 * A lease names its owner (host, boot of the machine, PID namespace, and process) and expires
 * after some seconds unless it is renewed, so that the run of a worker that died is free again.
 * Each lease of a run is an attempt with a row of its own. */
#ifndef LEASE_H
#define LEASE_H

#include "results/store/store.h"

enum { OWNER_SIZE = 160 };
struct lease {
    int64_t run_id;
    int attempt; /* 1 for the first attempt at this run */
    char key[65], cell[65];
    char *config;           /* owned; free with lease_free */
    char owner[OWNER_SIZE]; /* see owner.h */
};
/* lease_take - take a run of the study SWEEP for TTL seconds: the costliest queued one, after the
 * runs whose lease has expired, or whose owner on this host and boot is dead, went back into the
 * queue. SWEEP NULL: of any study. With KEY not NULL only the run of that key, whatever SWEEP is. A
 * run whose workers have died three times at the same step is marked as failed on the way (lost.h).
 * Returns 1 with *L filled, 0 when there is nothing to take. */
int lease_take(struct store *s, const char *sweep, const char *key, double ttl, struct lease *l);
void lease_free(struct lease *l);

/* lease_environment - record where the attempt runs (commit, host, CPU, libraries: a JSON
 * document). lease_input - record a file that it reads; ROLE is "weights", "tokenizer", "train",
 * "dev", "adapter" and so on. */
int lease_environment(struct store *s, const struct lease *l, const char *env_json);
int lease_input(struct store *s, const struct lease *l, const char *role, const char *path,
                const char *sha256, long bytes);

/* lease_renew - extend the lease to TTL seconds from now and record the heartbeat and STEP. Returns
 * 1, or 0 when the lease was lost: the worker must stop and drop its result. */
int lease_renew(struct store *s, const struct lease *l, double ttl, long step);

struct attempt_end {
    enum run_state state; /* DONE, DIVERGED, FAILED, or QUEUED (stopped with a checkpoint) */
    const char *error;    /* one line, or NULL */
    int exit_code, signal;
    long resumed_step, last_step;
    double wall_s, cpu_s, tokens, train_s;
    size_t peak_rss;
    long trainable, trainable_head, total_params;
    long formula_count;      /* trainable parameters by the closed form, without the head */
    const char *adapter_dir; /* relative to the home, or NULL */
};
/* lease_finish - write the buffered metrics, the end of the attempt and the state of the run.
 * Returns 1, or 0 when the lease was lost and nothing was written. With RETRY a FAILED run goes
 * back into the queue until three attempts, without the interrupted ones, were spent on it. */
int lease_finish(struct store *s, const struct lease *l, const struct attempt_end *e, bool retry);
/* lease_lost - end the attempts of the worker process PID of this host, whose death by SIGNAL its
 * parent has seen (SIGNAL 0: it ended without a result). */
int lease_lost(struct store *s, int pid, int signal, const char *error);

/* lease_held - for the other files of this folder, inside a transaction: 1 when this attempt still
 * holds its run, 0 when it does not. */
int lease_held(struct store *s, int64_t run_id, int attempt, const char *owner);
#endif
