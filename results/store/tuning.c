/* tuning.c - the runs of a study that tune. */
#include "results/store/tuning.h"
#include "results/store/db.h"

static int put_one(struct store *s, int64_t plan, const struct run_spec *r, int ordinal)
{
    const struct tuning_spec *t = r->tuning;

    return db_exec(s,
                   "INSERT INTO tuning(plan_id, run_id, point, trial, ordinal, extension, rung,"
                   " epochs, outcome, metric, score, edge)"
                   " SELECT ?1, run_id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 FROM run"
                   " WHERE run_key = ?12",
                   "ittiiiittdtt", plan, r->point, r->trial, (int64_t)ordinal,
                   (int64_t)t->extension, (int64_t)t->rung, (int64_t)t->epochs, t->outcome,
                   t->metric, t->score, t->edge, r->key) < 0
               ? -1
               : 0;
}

int tuning_put(struct store *s, int64_t plan, const struct run_spec *r, int n)
{
    bool any = false;

    for (int i = 0; i < n; i++) {
        if (!r[i].tuning)
            continue;
        any = true;
        if (db_exec(s, "DELETE FROM tuning WHERE plan_id = ? AND point = ?", "it", plan,
                    r[i].point) < 0)
            return -1;
    }
    for (int i = 0; i < n; i++)
        if (r[i].tuning && put_one(s, plan, &r[i], i) != 0)
            return -1;
    if (!any)
        return 0;
    return db_exec(s,
                   "DELETE FROM sweep_run WHERE plan_id = ?1"
                   " AND point IN (SELECT point FROM tuning WHERE plan_id = ?1)"
                   " AND NOT EXISTS (SELECT 1 FROM tuning t WHERE t.plan_id = ?1"
                   " AND t.point = sweep_run.point AND t.outcome = 'chosen'"
                   " AND t.trial = sweep_run.trial)",
                   "i", plan) < 0
               ? -1
               : 0;
}
