/* claims_looks.c - verdicts while runs are still added. */
#include "results/verdicts/claims_looks.h"
#include "results/query/query.h"
#include "results/store/looks.h"
#include "results/verdicts/claims_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double claims_spent(double t)
{
    return log1p((M_E - 1) * fmin(fmax(t, 0), 1));
}

long claims_next_look(const struct claim *c, long n)
{
    for (long k = 1; k <= c->looks; k++) {
        long at = (c->planned * k + c->looks - 1) / c->looks;
        if (at > n && at >= c->units)
            return at;
    }
    return 0;
}

double claims_sequential(const double *n, const double *p, int looks, double planned, int *at,
                         double *share)
{
    double least = NAN, before = 0;

    for (int k = 0; k < looks; k++) {
        double now = claims_spent(n[k] / planned), has = now - before;
        double q = has > 0 ? fmin(1, p[k] / has) : 1;
        if (isnan(least) || q < least)
            least = q, *at = k, *share = has;
        before = now;
    }
    return least;
}

/* Numbers of a re-evaluation are another test than those of the runs, with looks of its own. */
static char *look_test(const struct claim_row *row)
{
    return row->from ? xprintf("%s, %s", row->claim->fingerprint, row->from)
                     : xstrdup(row->claim->fingerprint);
}

static int read_looks(struct rows *r, const struct claim_row *row, struct store *s)
{
    char plan[24];
    const struct claim *c = row->claim;
    char *test = look_test(row);
    const char *const params[] = { "claim", c->id,      "test", test,      "plan", plan,
                                   "model", row->model, "task", row->task, NULL };

    snprintf(plan, sizeof plan, "%ld", c->plan);
    int rc = query_named(s, r, "claim_looks", params);
    free(test);
    return rc;
}

/* The recorded looks, and the present one in its place among them. */
static void judge_looks(struct claim_row *row, const struct rows *r)
{
    size_t most = (size_t)r->n_rows + 1;
    double *n = xalloc(2 * most, sizeof *n), *p = n + most, planned = (double)row->claim->planned;
    bool *inside = xalloc(most, sizeof *inside), placed = false;
    int looks = 0, at = 0;

    for (int i = 0; i <= r->n_rows; i++) {
        double units = i < r->n_rows ? claims_number(r, i, "units") : INFINITY;
        bool same = units == row->units;
        if (!placed && units >= row->units) {
            double before = same ? claims_number(r, i, "p") : 0;
            bool agree = !same || (claims_count(r, i, "inside") > 0) == row->inside;
            n[looks] = row->units, p[looks] = agree ? fmax(row->p, before) : 1;
            inside[looks++] = row->inside;
            placed = true;
        }
        if (same || i == r->n_rows)
            continue;
        n[looks] = units, p[looks] = claims_number(r, i, "p");
        inside[looks++] = claims_count(r, i, "inside") > 0;
    }
    row->p_look = claims_sequential(n, p, looks, planned, &at, &row->share);
    row->look = (int)n[at];
    row->reversed = inside[at] != row->inside;
    if (row->reversed)
        row->p_look = 1;
    free(inside);
    free(n);
}

int claims_looks_read(struct claims *c, struct store *s)
{
    for (struct claim_row *row = c->row; row < c->row + c->n_rows; row++) {
        struct rows r;
        if (isnan(row->p))
            continue;
        if (read_looks(&r, row, s) != 0)
            return -1;
        judge_looks(row, &r);
        rows_free(&r);
    }
    return 0;
}

int claims_looks_record(const struct claims *c, const bool *shown, const char *path)
{
    struct look *look = xalloc((size_t)c->n_rows + 1, sizeof *look);
    struct store *s = NULL;
    int n = 0;

    for (const struct claim_row *row = c->row; row < c->row + c->n_rows; row++)
        if (!isnan(row->p) && (!shown || shown[row->claim - c->claim]))
            look[n++] = (struct look){ .claim = row->claim->id,
                                       .test = look_test(row),
                                       .model = row->model,
                                       .task = row->task,
                                       .plan = row->claim->plan,
                                       .units = row->units,
                                       .p = row->p,
                                       .inside = row->inside };
    int rc = n > 0 ? store_open(&s, path, STORE_WRITE) : 0;
    if (rc == 0 && n > 0)
        rc = looks_put(s, look, n);
    if (rc != 0)
        warn("this look at the verdicts is not recorded, so later looks do not count it: %s",
             fail_text());
    store_close(s);
    for (int i = 0; i < n; i++)
        free((char *)look[i].test);
    free(look);
    return rc;
}
