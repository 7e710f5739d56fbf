/* metrics.c - what came out: curve points, final numbers, predictions, subspace similarities,
 * numbers of computed studies.
 *
 * Points wait in memory for about a second, so that a run makes one transaction a second and not
 * one a step. */
#include "results/store/db.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 24, MANY = 8192 };
static const double flush_every_s = 1;

struct point {
    int owner;                    /* index into metric_buffer.claim */
    long step;                    /* of a prediction: the example */
    char split[NAME], name[NAME]; /* name is empty: a prediction */
    double value, label;
};
struct metric_buffer {
    struct point *p;
    size_t n, cap;
    struct {
        int64_t run_id;
        int attempt;
        char owner[96];
    } * claim;
    int n_claims;
    double first; /* when the oldest point came */
};

static int claim_index(struct metric_buffer *b, const struct lease *c)
{
    for (int i = b->n_claims - 1; i >= 0; i--)
        if (b->claim[i].run_id == c->run_id && b->claim[i].attempt == c->attempt)
            return i;
    b->claim = xgrow(b->claim, (size_t)b->n_claims + 1, sizeof *b->claim);
    b->claim[b->n_claims].run_id = c->run_id;
    b->claim[b->n_claims].attempt = c->attempt;
    memcpy(b->claim[b->n_claims].owner, c->owner, sizeof c->owner);
    return b->n_claims++;
}

static int add(struct store *s, const struct lease *c, struct point p, const char *split,
               const char *name)
{
    if (!s->points)
        s->points = xalloc(1, sizeof *s->points);
    struct metric_buffer *b = s->points;
    CHECK(strlen(split) < NAME && strlen(name) < NAME, "names '%s', '%s'", split, name);
    strcpy(p.split, split);
    strcpy(p.name, name);
    p.owner = claim_index(b, c);
    if (b->n == b->cap) {
        b->cap = b->cap ? 2 * b->cap : 256;
        b->p = xgrow(b->p, b->cap, sizeof *b->p);
    }
    if (b->n == 0)
        b->first = now_mono();
    b->p[b->n++] = p;
    if (b->n >= MANY || now_mono() - b->first > flush_every_s)
        return store_flush(s);
    return 0;
}

int store_metric(struct store *s, const struct lease *c, long step, const char *split,
                 const char *name, double value)
{
    CHECK(*name, "a point of '%s' without a name", split);
    return add(s, c, (struct point){ .step = step, .value = value }, split, name);
}

int store_prediction(struct store *s, const struct lease *c, const char *split, long example,
                     double label, double output)
{
    return add(s, c, (struct point){ .step = example, .value = output, .label = label }, split, "");
}

/* SQLite keeps no NaN, and an infinity would spoil every mean: both are named beside a NULL. */
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
    return strcmp(split, "best") == 0 || strcmp(split, "last") == 0 || strcmp(split, "test") == 0 ||
           strcmp(split, "test_best") == 0;
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
    if (is_curve(p->split) && db_exec(s,
                                      "INSERT OR REPLACE INTO metric(run_id, attempt, split, "
                                      "metric_id, step, value, nonfinite)"
                                      " VALUES(?,?,?,?,?,?,?)",
                                      "iitiidt", run, attempt, p->split, id, (int64_t)p->step, x,
                                      nonfinite(p->value)) < 0)
        return -1;
    if (is_result(p->split) &&
        db_exec(
            s,
            "INSERT INTO result(run_id, which, metric_id, attempt, step, ordinal, value, nonfinite)"
            " VALUES(?1, ?2, ?3, ?4, ?5,"
            " (SELECT count(*) FROM result WHERE run_id = ?1 AND which = ?2), ?6, ?7)"
            " ON CONFLICT(run_id, which, metric_id) DO UPDATE SET attempt = excluded.attempt,"
            " step = excluded.step, value = excluded.value, nonfinite = excluded.nonfinite",
            "itiiidt", run, p->split, id, attempt, (int64_t)p->step, x, nonfinite(p->value)) < 0)
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

/* Points of a claim that was lost meanwhile are dropped: the run belongs to somebody else. */
int metrics_flush(struct store *s)
{
    struct metric_buffer *b = s->points;

    for (int c = 0; b && c < b->n_claims; c++) {
        int held = lease_held(s, b->claim[c].run_id, b->claim[c].attempt, b->claim[c].owner);
        if (held < 0)
            return -1;
        for (size_t i = 0; held && i < b->n; i++)
            if (b->p[i].owner == c &&
                write_point(s, b->claim[c].run_id, b->claim[c].attempt, &b->p[i]) != 0)
                return -1;
    }
    return 0;
}

void metrics_clear(struct store *s)
{
    if (s->points)
        s->points->n = 0, s->points->n_claims = 0;
}

void metrics_free(struct store *s)
{
    if (!s->points)
        return;
    free(s->points->p);
    free(s->points->claim);
    free(s->points);
    s->points = NULL;
}

int store_flush(struct store *s)
{
    if (!s->points || s->points->n == 0)
        return 0;
    if (db_begin(s) != 0 || db_end(s, metrics_flush(s) == 0) != 0)
        return -1;
    metrics_clear(s);
    return 0;
}

/* The id of SET, made when it is new; -1 after fail(). */
static int64_t set_id(struct store *s, const struct analysis_set *set)
{
    int64_t id = -1;

    if (db_exec(s,
                "INSERT INTO analysed(study, kind, settings, at) VALUES(?,?,?,?)"
                " ON CONFLICT(study, kind, settings) DO UPDATE SET at = excluded.at",
                "tttd", set->study, set->kind, set->settings, now_wall()) < 0 ||
        db_number(s, &id,
                  "SELECT set_id FROM analysed WHERE study = ? AND kind = ? AND settings = ?",
                  "ttt", set->study, set->kind, set->settings) < 0)
        return -1;
    return id;
}

int store_analysis(struct store *s, const struct analysis_set *set, const struct analysis_row *rows,
                   size_t n)
{
    if (db_begin(s) != 0)
        return -1;
    int64_t id = set_id(s, set);
    bool ok = id >= 0;
    for (size_t i = 0; i < n && ok; i++) {
        const struct analysis_row *r = &rows[i];
        CHECK(!isinf(r->value), "'%s' of layer %d %s", r->name, r->layer, r->proj);
        ok = db_exec(s,
                     "INSERT OR REPLACE INTO analysis_value(set_id, run_a, run_b, layer, proj, i,"
                     " j, name, value) VALUES(?,?,?,?,?,?,?,?,?)",
                     "iiiitiitd", id, r->run_a, r->run_b, (int64_t)r->layer, r->proj, (int64_t)r->i,
                     (int64_t)r->j, r->name, r->value) >= 0;
    }
    return db_end(s, ok);
}
