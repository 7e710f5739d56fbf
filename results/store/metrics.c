/* metrics.c - points of curves, final numbers, predictions.
 *
 * Points wait in memory for about a second, so that a run makes one transaction per second rather
 * than one per step. */
#include "results/store/metrics.h"
#include "results/store/db.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 24, MOST_POINTS = 8192 };
static const double flush_every_s = 1;

struct point {
    int lease;                              /* index into metric_buffer.lease */
    long step;                              /* of a prediction: the example */
    char split[NAME_SIZE], name[NAME_SIZE]; /* name "": a prediction */
    double value, label;
};
struct holder {
    int64_t run_id;
    int attempt;
    char owner[OWNER_SIZE];
};
struct metric_buffer {
    struct point *p;
    size_t n, cap;
    struct holder *lease;
    int n_leases;
    double first; /* when the oldest point was added */
};

static int lease_index(struct metric_buffer *b, const struct lease *l)
{
    for (int i = b->n_leases - 1; i >= 0; i--)
        if (b->lease[i].run_id == l->run_id && b->lease[i].attempt == l->attempt)
            return i;
    b->lease = xgrow(b->lease, (size_t)b->n_leases + 1, sizeof *b->lease);
    b->lease[b->n_leases].run_id = l->run_id;
    b->lease[b->n_leases].attempt = l->attempt;
    memcpy(b->lease[b->n_leases].owner, l->owner, sizeof l->owner);
    return b->n_leases++;
}

static int buffer_point(struct store *s, const struct lease *l, struct point p, const char *split,
                        const char *name)
{
    if (!s->points)
        s->points = xalloc(1, sizeof *s->points);
    struct metric_buffer *b = s->points;
    CHECK(strlen(split) < NAME_SIZE && strlen(name) < NAME_SIZE, "names '%s', '%s'", split, name);
    strcpy(p.split, split);
    strcpy(p.name, name);
    p.lease = lease_index(b, l);
    if (b->n == b->cap) {
        b->cap = b->cap ? 2 * b->cap : 256;
        b->p = xgrow(b->p, b->cap, sizeof *b->p);
    }
    if (b->n == 0)
        b->first = now_mono();
    b->p[b->n++] = p;
    if (b->n >= MOST_POINTS || now_mono() - b->first > flush_every_s)
        return metrics_flush(s);
    return 0;
}

int metrics_add(struct store *s, const struct lease *l, long step, const char *split,
                const char *name, double value)
{
    CHECK(*name, "a number of '%s' without a name", split);
    return buffer_point(s, l, (struct point){ .step = step, .value = value }, split, name);
}

int metrics_add_prediction(struct store *s, const struct lease *l, const char *split, long example,
                           double label, double output)
{
    return buffer_point(s, l, (struct point){ .step = example, .value = output, .label = label },
                        split, "");
}

/* SQLite cannot store NaN, and an infinity would spoil every mean: both are stored as NULL with
 * their name beside it. */
static const char *nonfinite(double x)
{
    if (isnan(x))
        return "nan";
    return isinf(x) ? (x > 0 ? "+inf" : "-inf") : NULL;
}

static int metric_id(struct store *s, int64_t *id, const char *name)
{
    int more = db_number(s, id, "SELECT metric_id FROM metric_name WHERE name = ?", "t", name);

    if (more == 0)
        more = db_number(s, id,
                         "INSERT INTO metric_name(name, goal) VALUES(?, 'max') RETURNING metric_id",
                         "t", name);
    return more == 1 ? 0 : -1;
}

static bool is_result(const char *split)
{
    static const char *const kinds[] = { "best",        "last",        "test",  "test_best",
                                         "select_best", "select_last", "chosen" };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strcmp(split, kinds[i]) == 0)
            return true;
    return false;
}

static bool is_curve(const char *split)
{
    return !is_result(split) || strcmp(split, "test") == 0;
}

static int write_metric(struct store *s, int64_t run, int64_t attempt, const struct point *p)
{
    double x = isfinite(p->value) ? p->value : NAN;
    int64_t id;

    if (metric_id(s, &id, p->name) != 0)
        return -1;
    if (is_curve(p->split) &&
        db_exec(s,
                "INSERT OR REPLACE INTO metric(run_id, attempt, split, metric_id, step, value,"
                " nonfinite) VALUES(?,?,?,?,?,?,?)",
                "iitiidt", run, attempt, p->split, id, (int64_t)p->step, x,
                nonfinite(p->value)) < 0)
        return -1;
    if (is_result(p->split) &&
        db_exec(s,
                "INSERT INTO result(run_id, which, metric_id, attempt, step, ordinal, value,"
                " nonfinite) SELECT ?1, ?2, ?3, ?4, ?5,"
                " (SELECT count(*) FROM result WHERE run_id = ?1 AND which = ?2), ?6, ?7"
                /* of a run that reports test, these points are a curve alone */
                " WHERE ?2 <> 'test' OR NOT (SELECT apart FROM run WHERE run_id = ?1)"
                " ON CONFLICT(run_id, which, metric_id) DO UPDATE SET attempt = excluded.attempt,"
                " step = excluded.step, value = excluded.value, nonfinite = excluded.nonfinite",
                "itiiidt", run, p->split, id, attempt, (int64_t)p->step, x,
                nonfinite(p->value)) < 0)
        return -1;
    return 0;
}

static int write_point(struct store *s, int64_t run, int64_t attempt, const struct point *p)
{
    if (*p->name)
        return write_metric(s, run, attempt, p);
    return db_exec(s,
                   "INSERT OR REPLACE INTO prediction(run_id, split, example, label, output)"
                   " VALUES(?,?,?,?,?)",
                   "itidd", run, p->split, (int64_t)p->step, p->label, p->value) < 0
               ? -1
               : 0;
}

/* Points of a lease that was lost meanwhile are dropped: the run belongs to another worker. */
int metrics_write(struct store *s)
{
    struct metric_buffer *b = s->points;

    for (int k = 0; b && k < b->n_leases; k++) {
        const struct holder *h = &b->lease[k];
        int held = lease_held(s, h->run_id, h->attempt, h->owner);
        if (held < 0)
            return -1;
        for (size_t i = 0; held && i < b->n; i++)
            if (b->p[i].lease == k && write_point(s, h->run_id, h->attempt, &b->p[i]) != 0)
                return -1;
    }
    return 0;
}

void metrics_clear(struct store *s)
{
    if (s->points)
        s->points->n = 0, s->points->n_leases = 0;
}

void metrics_free(struct store *s)
{
    if (!s->points)
        return;
    free(s->points->p);
    free(s->points->lease);
    free(s->points);
    s->points = NULL;
}

int metrics_flush(struct store *s)
{
    if (!s->points || s->points->n == 0)
        return 0;
    if (db_begin(s) != 0 || db_end(s, metrics_write(s) == 0) != 0)
        return -1;
    metrics_clear(s);
    return 0;
}
