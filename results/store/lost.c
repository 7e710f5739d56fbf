/* lost.c - the end of attempts whose worker died without a word. */
#include "results/store/lost.h"
#include "results/store/db.h"
#include "results/store/lease.h"
#include "results/store/owner.h"
#include "results/store/place.h"

#include <signal.h>
#include <stdlib.h>

/* A run is given up as well when its workers have died so many times in a row without getting
 * farther than one before: whatever kills them, it cannot be done here. */
enum { MOST_IN_VAIN = 20 };

struct death {
    int64_t run_id, attempt;
    const char *key;
    bool by_itself; /* it crashed: nobody killed it */
    int signal;     /* 0: unknown, or none */
    const char *error;
    int64_t step; /* the last one that was done; -1: unknown */
};

/* How many deaths count after this one, of SPENT that counted when the attempt began. */
static int count_death(struct store *s, const struct death *d, int64_t spent)
{
    int64_t before = -1;
    int more = db_number(s, &before,
                         "SELECT coalesce(step, -1) FROM attempt WHERE run_id = ? AND attempt < ?"
                         " AND outcome = 'lost' ORDER BY attempt DESC LIMIT 1",
                         "ii", d->run_id, d->attempt);

    if (more < 0)
        return -1;
    if (d->step == 0 && !d->by_itself)
        return (int)spent - 1;
    return d->step >= 0 && before >= 0 && d->step != before ? 1 : (int)spent;
}

static int lost_in_vain(struct store *s, int64_t run_id)
{
    int64_t n = 0;
    int more = db_number(s, &n,
                         "SELECT count(*) FROM attempt WHERE run_id = ?1 AND outcome = 'lost'"
                         " AND attempt > coalesce((SELECT attempt FROM attempt WHERE run_id = ?1"
                         " AND step > 0 ORDER BY step DESC, attempt LIMIT 1), 0)",
                         "i", run_id);

    return more < 0 ? -1 : (int)n;
}

static int settle(struct store *s, struct death *d, int64_t spent)
{
    d->step = place_read(s, d->key);
    int count = count_death(s, d, spent);
    char *error = d->step < 0 ? xstrdup(d->error)
                              : xprintf("%s after step %lld", d->error, (long long)d->step);
    long n = count < 0
                 ? -1
                 : db_exec(s,
                           "UPDATE attempt SET outcome = 'lost', ended = ?1,"
                           " signal = nullif(?2, 0), error = ?3,"
                           " step = iif(?4 < 0, step, ?4) WHERE run_id = ?5 AND outcome IS NULL",
                           "ditii", now_wall(), (int64_t)d->signal, error, d->step, d->run_id);
    int vain = n < 0 ? -1 : lost_in_vain(s, d->run_id);
    bool over = count >= MAX_ATTEMPTS || vain >= MOST_IN_VAIN;

    free(error);
    if (vain < 0 || db_exec(s,
                            "UPDATE run SET state = ?, spent = ?, owner = NULL, lease = NULL,"
                            " lease_boot = NULL WHERE run_id = ?",
                            "tii", over ? "failed" : "queued", (int64_t)count, d->run_id) < 0)
        return -1;
    place_remove(s, d->key);
    return 0;
}

/* Settles each run that ST gives: run_id, attempts, spent, run_key. */
static int settle_each(struct store *s, sqlite3_stmt *st, const struct death *how)
{
    int more;

    while (st && (more = db_step(s, st)) == 1) {
        struct death d = *how;
        const char *key = (const char *)sqlite3_column_text(st, 3);
        char *copy = xstrdup(key ? key : "");
        int64_t spent = sqlite3_column_int64(st, 2);
        d.run_id = sqlite3_column_int64(st, 0);
        d.attempt = sqlite3_column_int64(st, 1);
        d.key = copy;
        sqlite3_reset(st); /* the run is changed; the next one is looked for again */
        int rc = settle(s, &d, spent);
        free(copy);
        if (rc != 0)
            return -1;
    }
    return st && more == 0 ? 0 : -1;
}

int lost_settle_all(struct store *s)
{
    return settle_each(s,
                       db_stmt(s,
                               "SELECT run_id, attempts, spent, run_key FROM run"
                               " WHERE state = 'running' AND owner_stale(owner, lease, lease_boot)"
                               " LIMIT 1",
                               ""),
                       &(struct death){ .error = "the worker died" });
}

int lease_lost(struct store *s, int pid, int signal, const char *error)
{
    char prefix[OWNER_SIZE], suffix[OWNER_SIZE];
    bool killed = signal == SIGKILL || signal == SIGTERM || signal == SIGINT;
    const struct death how = { .signal = signal, .error = error, .by_itself = !killed };

    owner_ends(prefix, suffix, pid);
    if (db_begin(s) != 0)
        return -1;
    int rc = settle_each(s,
                         db_stmt(s,
                                 "SELECT run_id, attempts, spent, run_key FROM run"
                                 " WHERE state = 'running'"
                                 " AND substr(owner, 1, length(?1)) = ?1"
                                 " AND substr(owner, -length(?2)) = ?2 LIMIT 1",
                                 "tt", prefix, suffix),
                         &how);
    return db_end(s, rc == 0);
}
