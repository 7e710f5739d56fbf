/* evaluations.c - numbers of stored adapters. */
#include "results/store/evaluations.h"
#include "results/store/db.h"
#include "results/store/metrics.h"

#include <math.h>

static int64_t put_head(struct store *s, const struct evaluation *e)
{
    int64_t id = -1;

    if (db_exec(s,
                "DELETE FROM evaluation WHERE run_id = ? AND adapter = ? AND split = ? AND n = ?",
                "itti", e->run_id, e->adapter, e->split, (int64_t)e->n) < 0 ||
        db_number(s, &id,
                  "INSERT INTO evaluation(run_id, adapter, split, n, examples, sha256, at)"
                  " VALUES(?,?,?,?,?,?,?) RETURNING evaluation_id",
                  "ittiitd", e->run_id, e->adapter, e->split, (int64_t)e->n, (int64_t)e->n_answers,
                  e->sha256, now_wall()) < 0)
        return -1;
    return id;
}

static bool put_value(struct store *s, int64_t id, const struct evaluation *e, size_t i)
{
    const struct evaluation_value *v = &e->value[i];
    int64_t metric;

    return metrics_id(s, &metric, v->name) == 0 &&
           db_exec(s,
                   "INSERT INTO evaluation_value(evaluation_id, metric_id, ordinal, value,"
                   " nonfinite) VALUES(?,?,?,?,?)",
                   "iiidt", id, metric, (int64_t)i, isfinite(v->value) ? v->value : NAN,
                   metrics_nonfinite(v->value)) >= 0;
}

int evaluations_put(struct store *s, const struct evaluation *e)
{
    if (db_begin(s) != 0)
        return -1;
    int64_t id = put_head(s, e);
    bool ok = id >= 0;
    for (size_t i = 0; i < e->n_values && ok; i++)
        ok = put_value(s, id, e, i);
    for (size_t i = 0; i < e->n_answers && ok; i++)
        ok = db_exec(s,
                     "INSERT INTO evaluation_prediction(evaluation_id, example, label, output)"
                     " VALUES(?,?,?,?)",
                     "iidd", id, (int64_t)e->answer[i].example, e->answer[i].label,
                     e->answer[i].output) >= 0;
    return db_end(s, ok);
}
