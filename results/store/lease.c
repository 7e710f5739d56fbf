/* lease.c - taking a run, keeping it, ending it. */
#include "results/store/lease.h"
#include "results/store/db.h"
#include "results/store/environment.h"
#include "results/store/lost.h"
#include "results/store/metrics.h"
#include "results/store/owner.h"
#include "results/store/place.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Those whose worker died have been put back into the queue before. */
#define TAKE(which, by_key)                                                                        \
    "UPDATE run SET state = 'running', owner = ?2, lease = ?3, lease_boot = ?4,"                   \
    " attempts = attempts + 1, spent = spent + 1"                                                  \
    " WHERE run_id ="                                                                              \
    " (SELECT r.run_id FROM run r WHERE r.state = 'queued' AND " which by_key " LIMIT 1)"          \
    " RETURNING run_id, attempts, run_key, cell_key, config"

static const char take_of_sweep[] = TAKE(IN_SWEEP, " ORDER BY r.cost DESC, r.run_id");
static const char take_key[] = TAKE("r.run_key = ?1", "");

static int read_lease(struct lease *l, struct store *s, sqlite3_stmt *st)
{
    for (int i = 2; i <= 4; i++)
        if (!sqlite3_column_text(st, i))
            return db_damaged(s);
    l->run_id = sqlite3_column_int64(st, 0);
    l->attempt = sqlite3_column_int(st, 1);
    snprintf(l->key, sizeof l->key, "%s", (const char *)sqlite3_column_text(st, 2));
    snprintf(l->cell, sizeof l->cell, "%s", (const char *)sqlite3_column_text(st, 3));
    l->config = xstrdup((const char *)sqlite3_column_text(st, 4));
    return 0;
}

static int take_run(struct store *s, const char *sweep, const char *key, double ttl,
                    struct lease *l)
{
    double now = now_wall();

    if (lost_settle_all(s) != 0)
        return -1;
    sqlite3_stmt *st = db_stmt(s, key ? take_key : take_of_sweep, "ttdd", key ? key : sweep,
                               l->owner, now + ttl, owner_boot_clock() + ttl);
    int more = st ? db_step(s, st) : -1;
    if (more != 1)
        return more;
    int rc = read_lease(l, s, st);
    sqlite3_reset(st);
    if (rc != 0)
        return -1;
    return db_exec(s,
                   "INSERT INTO attempt(run_id, attempt, owner, started, heartbeat)"
                   " VALUES(?,?,?,?4,?4)",
                   "iitd", l->run_id, (int64_t)l->attempt, l->owner, now) < 0
               ? -1
               : 1;
}

int lease_take(struct store *s, const char *sweep, const char *key, double ttl, struct lease *l)
{
    memset(l, 0, sizeof *l);
    owner_text(l->owner, (long)getpid());
    if (db_begin(s) != 0)
        return -1;
    int rc = take_run(s, sweep, key, ttl, l);
    if (db_end(s, rc >= 0) != 0)
        rc = -1;
    if (rc != 1)
        lease_free(l);
    return rc;
}

void lease_free(struct lease *l)
{
    free(l->config);
    memset(l, 0, sizeof *l);
}

int lease_held(struct store *s, int64_t run_id, int attempt, const char *owner)
{
    int64_t one;

    return db_number(s, &one,
                     "SELECT 1 FROM run WHERE run_id = ? AND attempts = ? AND owner = ?"
                     " AND state = 'running'",
                     "iit", run_id, (int64_t)attempt, owner);
}

int lease_environment(struct store *s, const struct lease *l, const char *env_json)
{
    int64_t id;

    if (db_begin(s) != 0)
        return -1;
    bool ok = environment_put(s, &id, env_json) == 0 &&
              db_exec(s, "UPDATE attempt SET env_id = ? WHERE run_id = ? AND attempt = ?", "iii",
                      id, l->run_id, (int64_t)l->attempt) >= 0;
    return db_end(s, ok);
}

int lease_input(struct store *s, const struct lease *l, const char *role, const char *path,
                const char *sha256, long bytes)
{
    if (db_begin(s) != 0)
        return -1;
    bool ok = db_exec(s, "INSERT INTO artifact(sha256, bytes) VALUES(?,?) ON CONFLICT DO NOTHING",
                      "ti", sha256, (int64_t)bytes) >= 0 &&
              db_exec(s,
                      "INSERT OR REPLACE INTO run_input(run_id, attempt, role, path, sha256)"
                      " VALUES(?,?,?,?,?)",
                      "iittt", l->run_id, (int64_t)l->attempt, role, path, sha256) >= 0;
    return db_end(s, ok);
}

int lease_renew(struct store *s, const struct lease *l, double ttl, long step)
{
    double now = now_wall();

    if (db_begin(s) != 0)
        return -1;
    long n = db_exec(s,
                     "UPDATE run SET lease = ?, lease_boot = ? WHERE run_id = ? AND attempts = ?"
                     " AND owner = ? AND state = 'running'",
                     "ddiit", now + ttl, owner_boot_clock() + ttl, l->run_id, (int64_t)l->attempt,
                     l->owner);
    if (n == 1 &&
        db_exec(s, "UPDATE attempt SET heartbeat = ?, step = ? WHERE run_id = ? AND attempt = ?",
                "diii", now, (int64_t)step, l->run_id, (int64_t)l->attempt) < 0)
        n = -1;
    return db_end(s, n >= 0) == 0 ? n == 1 : -1;
}

static int end_attempt(struct store *s, const struct lease *l, const struct attempt_end *e)
{
    const char *outcome = e->state == STATE_QUEUED ? "interrupted" : state_names[e->state];

    long n = db_exec(
        s,
        "UPDATE attempt SET outcome = ?3, ended = ?4, exit_code = ?5, signal = nullif(?6, 0),"
        " error = ?7, resumed_step = ?8, last_step = ?9, wall_s = ?10, cpu_s = ?11,"
        " train_s = ?12, tokens = ?13, peak_rss = ?14, trainable = ?15, trainable_head = ?16,"
        " total_params = ?17, formula_count = ?18, adapter_dir = ?19"
        " WHERE run_id = ?1 AND attempt = ?2",
        "iitdiitiiddddiiiiit", l->run_id, (int64_t)l->attempt, outcome, now_wall(),
        (int64_t)e->exit_code, (int64_t)e->signal, e->error, (int64_t)e->resumed_step,
        (int64_t)e->last_step, e->wall_s, e->cpu_s, e->train_s, e->tokens, (int64_t)e->peak_rss,
        (int64_t)e->trainable, (int64_t)e->trainable_head, (int64_t)e->total_params,
        (int64_t)e->formula_count, e->adapter_dir);
    return n < 0 ? -1 : 0;
}

static int finish_run(struct store *s, const struct lease *l, const struct attempt_end *e,
                      bool retry)
{
    bool again = e->state == STATE_FAILED && retry;
    int held = lease_held(s, l->run_id, l->attempt, l->owner);

    if (held != 1)
        return held;
    if (metrics_write(s) != 0 || end_attempt(s, l, e) != 0)
        return -1;
    long n =
        db_exec(s,
                "UPDATE run SET state = iif(?2 AND spent < ?3, 'queued', ?4), spent = spent - ?5,"
                " owner = NULL, lease = NULL, lease_boot = NULL WHERE run_id = ?1",
                "iiiti", l->run_id, (int64_t)again, (int64_t)MAX_ATTEMPTS, state_names[e->state],
                (int64_t)(e->state == STATE_QUEUED));
    return n < 0 ? -1 : 1;
}

int lease_finish(struct store *s, const struct lease *l, const struct attempt_end *e, bool retry)
{
    CHECK(e->state == STATE_DONE || e->state == STATE_DIVERGED || e->state == STATE_FAILED ||
              e->state == STATE_QUEUED,
          "a run cannot end as '%s'", state_names[e->state]);
    if (db_begin(s) != 0)
        return -1;
    int rc = finish_run(s, l, e, retry);
    if (db_end(s, rc >= 0) != 0)
        return -1;
    metrics_clear(s);
    if (rc == 1)
        place_remove(s, l->key);
    return rc;
}
