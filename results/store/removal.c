/* removal.c - removing a study with the runs that nothing else uses. */
#include "results/store/removal.h"
#include "results/store/db.h"

#include <stdlib.h>
#include <string.h>

/* The plans that go, of the study ?1; with ?2 only those before the newest. */
#define PLANS                                                                                      \
    "SELECT p.plan_id FROM plan p JOIN sweep w ON w.sweep_id = p.sweep_id"                         \
    " WHERE w.name = ?1 AND (NOT ?2 OR p.plan_id <> w.plan_id)"

/* A run that another run starts from (init_from: the beginning of its key, or its folder) stays, so
 * that the other one can be understood and repeated. */
static const char keys_sql[] =
    "WITH gone(plan_id) AS MATERIALIZED (" PLANS "),"
    " linked AS (SELECT plan_id, run_id FROM sweep_run UNION SELECT plan_id, run_id FROM tuning),"
    " mine AS MATERIALIZED (SELECT DISTINCT run_id FROM linked WHERE plan_id IN gone),"
    " alone AS MATERIALIZED (SELECT m.run_id FROM mine m WHERE NOT EXISTS"
    "   (SELECT 1 FROM sweep_run l WHERE l.run_id = m.run_id AND l.plan_id NOT IN gone)"
    "   AND NOT EXISTS"
    "   (SELECT 1 FROM tuning l WHERE l.run_id = m.run_id AND l.plan_id NOT IN gone)),"
    " starts(init_from) AS MATERIALIZED (SELECT DISTINCT json_extract(o.config, '$.init_from')"
    "   FROM run o WHERE o.run_id NOT IN (SELECT run_id FROM alone)"
    "   AND json_extract(o.config, '$.init_from') <> '')"
    " SELECT json_group_array(r.run_key),"
    "   sum(r.state = 'running' AND NOT owner_stale(r.owner, r.lease, r.lease_boot))"
    " FROM alone a JOIN run r ON r.run_id = a.run_id WHERE NOT EXISTS (SELECT 1 FROM starts"
    "   WHERE substr(r.run_key, 1, length(init_from)) = init_from"
    "   OR instr(init_from, substr(r.run_key, 1, 16)) > 0)";

int removal_keys(struct store *s, char **keys, const char *name, bool old)
{
    sqlite3_stmt *st = db_stmt(s, keys_sql, "ti", name, (int64_t)old);

    *keys = NULL;
    if (!st || db_step(s, st) != 1)
        return -1;
    *keys = xstrdup((const char *)sqlite3_column_text(st, 0));
    int running = sqlite3_column_int(st, 1);
    sqlite3_reset(st);
    if (running == 0)
        return 0;
    free(*keys);
    *keys = NULL;
    return fail(FAIL_RUN, "%d run%s of study '%s' %s running; stop the sweep first", running,
                running == 1 ? "" : "s", name, running == 1 ? "is" : "are");
}

#define OF_RUNS                                                                                    \
    " WHERE run_id IN (SELECT run_id FROM run WHERE run_key IN (SELECT value FROM json_each(?3)))" \
    " AND ?1 IS NOT NULL AND ?2 >= 0"
#define OF_PLANS " WHERE ?3 IS NOT NULL AND plan_id IN (" PLANS ")"
#define OF_STUDY                                                                                   \
    " WHERE NOT ?2 AND ?3 IS NOT NULL"                                                             \
    " AND sweep_id = (SELECT sweep_id FROM sweep WHERE name = ?1)"

/* In the order of the references between tables. Every statement takes the same three parameters:
 * study, old, keys of the runs. */
static const char *const remove_sql[] = {
    "DELETE FROM sweep_run" OF_PLANS,
    "DELETE FROM tuning" OF_PLANS,
    "DELETE FROM look" OF_PLANS,
    "DELETE FROM evaluation" OF_RUNS,
    "DELETE FROM prediction" OF_RUNS,
    "DELETE FROM generated" OF_RUNS,
    "DELETE FROM generation" OF_RUNS,
    "DELETE FROM result" OF_RUNS,
    "DELETE FROM metric" OF_RUNS,
    "DELETE FROM run_input" OF_RUNS,
    "DELETE FROM attempt" OF_RUNS,
    "DELETE FROM note" OF_RUNS,
    "DELETE FROM tag" OF_RUNS,
    "DELETE FROM exclusion" OF_RUNS,
    "DELETE FROM run" OF_RUNS,
    "DELETE FROM note" OF_STUDY,
    "DELETE FROM tag" OF_STUDY,
    "DELETE FROM analysed WHERE study = ?1 AND NOT ?2 AND ?3 IS NOT NULL",
    "DELETE FROM plan" OF_PLANS,
    "DELETE FROM sweep" OF_STUDY,
};

static int remove_rows(struct store *s, char **keys, const char *name, bool old)
{
    if (removal_keys(s, keys, name, old) != 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(remove_sql); i++)
        if (db_exec(s, remove_sql[i], "tit", name, (int64_t)old, *keys) < 0)
            return -1;
    return 0;
}

int removal_study(struct store *s, char **keys, const char *name, bool old)
{
    *keys = NULL;
    if (db_begin(s) != 0)
        return -1;
    int rc = db_end(s, remove_rows(s, keys, name, old) == 0);
    if (rc != 0) {
        free(*keys);
        *keys = NULL;
    }
    return rc;
}

static int pages(struct store *s, int64_t *n)
{
    return db_number(s, n, "PRAGMA page_count", "") < 0 ? -1 : 0;
}

int removal_shrink(struct store *s, int64_t *bytes)
{
    int64_t before, after, page = 0;

    *bytes = 0;
    if (pages(s, &before) != 0 || db_number(s, &page, "PRAGMA page_size", "") < 0)
        return -1;
    int rc = sqlite3_exec(s->db, "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
    if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
        return 0;
    if (rc != SQLITE_OK)
        return db_fail(s);
    if (pages(s, &after) != 0)
        return -1;
    *bytes = (before - after) * page;
    return 0;
}
