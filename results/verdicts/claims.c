/* claims.c - from the rows of a claim's query to verdicts. */
#include "results/verdicts/claims.h"
#include "core/base/text.h"
#include "results/query/footnote.h"
#include "results/query/query.h"
#include "results/verdicts/claims_looks.h"
#include "results/verdicts/claims_needs.h"
#include "results/verdicts/claims_part.h"
#include "results/verdicts/claims_region.h"
#include "results/verdicts/claims_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const verdict_names[] = { "undecided", "holds", "fails", "-" };

/* --- one row */

/* Why the row cannot be tested; NULL when it can. */
static char *untested(struct claim_row *row)
{
    const struct claim *c = row->claim;

    for (int i = 0; i < row->n_parts; i++) {
        char *what = claims_untested(c, &row->part[i]);
        if (what) {
            row->decisive = i;
            return what;
        }
    }
    if (row->n_parts >= c->parts)
        return NULL;
    char *make = claims_command(c, c->units);
    char *what =
        xprintf("only %d of %ld comparisons can be made: %s", row->n_parts, c->parts, make);
    free(make);
    return what;
}

/* The p-value of the row. It holds only if all parts do, so the largest counts (intersection-union
 * test); it fails if one part does, so then the smallest counts, times the number of parts. */
static void combine_parts(struct claim_row *row)
{
    bool all = true;

    row->why = untested(row);
    if (row->why)
        return;
    for (int i = 0; i < row->n_parts; i++) {
        all &= row->part[i].inside;
        if (i == 0 || row->part[i].d.n < row->units)
            row->units = row->part[i].d.n;
    }
    row->inside = all;
    for (int i = 0; i < row->n_parts; i++) {
        const struct claim_part *p = &row->part[i];
        if (p->inside != all)
            continue;
        if (isnan(row->p) || (all ? p->p > row->p : p->p < row->p))
            row->p = p->p, row->decisive = i;
    }
    if (!all)
        row->p = fmin(1, row->p * row->n_parts);
    row->why = claims_uninformative(row);
    if (row->why)
        row->uninformative = true, row->p = NAN;
}

static struct claim_row *new_row(struct claims *c, const struct claim *claim, const char *model,
                                 const char *task, const char *metric)
{
    c->row = xgrow(c->row, (size_t)c->n_rows + 1, sizeof *c->row);
    struct claim_row *row = &c->row[c->n_rows++];

    *row = (struct claim_row){ .claim = claim,
                               .model = xstrdup(model),
                               .task = xstrdup(task),
                               .metric = xstrdup(metric),
                               .floor = NAN,
                               .p = NAN,
                               .p_look = NAN,
                               .p_holm = NAN,
                               .outcome = "undecided" };
    return row;
}

static struct claim_part *new_part(struct claim_row *row)
{
    row->part = xgrow(row->part, (size_t)row->n_parts + 1, sizeof *row->part);
    return &row->part[row->n_parts++];
}

static int judge_row(struct claims *c, const struct claim *claim, struct store *s,
                     const struct rows *r, int from, int to)
{
    static const char *const part[] = { "part", NULL };
    int known = claims_with_metric(r, from, to);
    const char *which = rows_get(r, known, "which"), *metric = claims_cell(r, known, "metric");
    char *name = which ? xprintf("%s %s", which, metric) : xstrdup(metric);
    struct claim_row *row =
        new_row(c, claim, claims_cell(r, from, "model"), claims_cell(r, from, "task"), name);

    free(name);
    row->percent = strcmp(claims_cell(r, known, "percent"), "1") == 0;
    row->floor = claims_number(r, known, "floor");
    row->from = rows_get(r, known, "adapter") ? xstrdup(which) : NULL;
    for (int i = from, end; i < to; i = end) {
        end = claims_group_end(r, i, to, part);
        if (claims_part_read(new_part(row), claim, s, r, i, end) != 0)
            return -1;
    }
    combine_parts(row);
    return 0;
}

/* --- the average over tasks */

static const struct claim_part *find_part(const struct claim_row *row, const char *label)
{
    for (int i = 0; i < row->n_parts; i++)
        if (strcmp(row->part[i].label, label) == 0)
            return &row->part[i];
    return NULL;
}

/* Average the comparisons that all of the N rows have. */
static void average_parts(struct claim_row *to, struct claim_row *const *task, int n)
{
    const struct claim_part **of = xalloc((size_t)n, sizeof *of);

    for (int i = 0; i < task[0]->n_parts; i++) {
        bool all = true;
        for (int k = 0; k < n; k++)
            all &= (of[k] = find_part(task[k], task[0]->part[i].label)) != NULL;
        if (all)
            claims_part_average(new_part(to), to->claim, of, n);
    }
    free(of);
}

static char *average_metric(struct claim_row *const *task, int n)
{
    bool one = true;

    for (int i = 1; i < n; i++)
        one &= strcmp(task[i]->metric, task[0]->metric) == 0;
    return xstrdup(one ? task[0]->metric : "each task's own");
}

/* Add a row that averages the rows of one model from FIRST on, each of a task, and is tested in
 * their place. Tasks on which nothing was learned are left out. */
static void add_average(struct claims *c, const struct claim *claim, int first)
{
    int n = 0, end = c->n_rows;
    struct claim_row *to = new_row(c, claim, c->row[first].model, "", c->row[first].metric);
    struct claim_row **task = xalloc((size_t)(end - first), sizeof *task);
    struct text names = { 0 }, from = { 0 };

    for (struct claim_row *row = c->row + first; row < c->row + end; row++) {
        row->verdict = DESCRIBED, row->outcome = "-", row->p = NAN;
        if (row->uninformative)
            continue;
        free(row->why); /* the average says it, not the task */
        row->why = NULL;
        text_join(&names, ", ", "%s", row->task);
        if (row->from)
            text_join(&from, ", ", "%s of %s", row->from, row->task);
        task[n++] = row;
    }
    free(to->task);
    to->task = xprintf("average (%s)", text_string(&names));
    to->from = from.n ? text_take(&from) : NULL;
    text_free(&names);
    if (n > 0) {
        free(to->metric);
        to->metric = average_metric(task, n);
        to->percent = task[0]->percent;
        average_parts(to, task, n);
        combine_parts(to);
    } else {
        to->why = xstrdup("every task is uninformative");
    }
    free(task);
}

/* --- a claim */

/* The rows of one model: one for each task, and their average where the claim is about that. */
static int judge_model(struct claims *c, const struct claim *claim, struct store *s,
                       const struct rows *r, int from, int to)
{
    static const char *const task[] = { "task", NULL };
    int rc = 0, first = c->n_rows;

    for (int i = from, end; i < to && rc == 0; i = end) {
        end = claims_group_end(r, i, to, task);
        rc = judge_row(c, claim, s, r, i, end);
    }
    if (rc == 0 && claim->average)
        add_average(c, claim, first);
    return rc;
}

static int judge_claim(struct claims *c, const struct claim *claim, struct store *s)
{
    static const char *const model[] = { "model", NULL };
    char *name = xprintf("claim_%s", claim->query);
    struct rows r;
    int rc = query_rows(s, &r, query_find(name), (const char *const *)claim->param);

    for (int i = 0, end; i < r.n_rows && rc == 0; i = end) {
        end = claims_group_end(&r, i, r.n_rows, model);
        rc = judge_model(c, claim, s, &r, i, end);
    }
    if (rc == 0 && r.n_rows == 0) {
        char *make = claims_command(claim, claim->units);
        new_row(c, claim, "-", "-", "-")->why =
            xprintf("study '%s' has nothing to compare yet: %s", claim->study, make);
        free(make);
    }
    rows_free(&r);
    free(name);
    return rc;
}

/* --- corrections */

/* Holm's correction over everything that is called a verdict on the paper, and apart from it over
 * what goes beyond the paper. */
static void correct_family(struct claims *c, int family)
{
    double *p = xalloc((size_t)c->n_rows + 1, sizeof *p);
    int tests = 0;

    for (int k = 0; k < c->n_rows; k++) {
        p[k] = c->row[k].claim->family == family ? c->row[k].p_look : NAN;
        tests += !isnan(p[k]);
    }
    stats_holm(p, p, c->n_rows);
    for (int k = 0; k < c->n_rows; k++)
        if (!isnan(p[k]))
            c->row[k].p_holm = p[k], c->row[k].n_tests = tests;
    free(p);
}

/* What an earlier look has shown when the present one no longer does. */
static const char *outcome_of_kind(const struct claim *c, bool holds)
{
    static const char *const names[][2] = {
        { "not better", "better" }, { "worse", "not worse" }, { "different", "equivalent" },
        { "below", "above" },       { "above", "below" },     { "no correlation", "correlation" }
    };

    return names[c->kind][holds];
}

static void decide_row(struct claim_row *row)
{
    if (isnan(row->p_holm))
        return;
    const struct claim_part *p = &row->part[row->decisive];
    bool decided = row->p_holm < CLAIMS_LEVEL;
    double tests = decided && row->p_look > 0 ? row->p_holm / row->p_look : row->n_tests;
    double level =
        CLAIMS_LEVEL * row->share / tests / (double)p->tried / (row->inside ? 1 : row->n_parts);

    row->outcome = claims_outcome(row->claim, p, level);
    if (decided) {
        row->verdict = row->inside ? HOLDS : FAILS;
        if (row->look < row->units)
            row->outcome = outcome_of_kind(row->claim, row->inside);
    } else {
        row->why = claims_chance(row);
    }
}

/* --- what the store knows besides */

/* Its newest plan, the cost of a unit, the day of its first run. */
static int read_study(struct claim *c, const struct claim *before, struct store *s)
{
    const char *const params[] = { "study", c->study, NULL };
    struct rows r;

    free(c->first_day);
    c->first_day = NULL, c->plan = 0, c->unit_s = NAN, c->units_done = 0;
    if (before) { /* the same study: read already */
        c->plan = before->plan, c->unit_s = before->unit_s, c->units_done = before->units_done;
        c->first_day = before->first_day ? xstrdup(before->first_day) : NULL;
        c->unseen = before->unseen;
        return 0;
    }
    if (query_named(s, &r, "claim_study", params) != 0)
        return -1;
    if (r.n_rows > 0) {
        const char *day = rows_get(&r, 0, "first_day");
        c->plan = claims_count(&r, 0, "plan");
        c->unit_s = claims_number(&r, 0, "unit_s");
        c->units_done = rows_get(&r, 0, "units_done") ? claims_number(&r, 0, "units_done") : 0;
        c->first_day = day ? xstrdup(day) : NULL;
        c->unseen = claims_count(&r, 0, "unseen") > 0;
    }
    rows_free(&r);
    return 0;
}

static const struct claim *same_study(const struct claims *c, int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(c->claim[i].study, c->claim[n].study) == 0)
            return &c->claim[i];
    return NULL;
}

static int read_paper(struct claim *c, struct store *s)
{
    for (int i = 0; i < c->n_numbers; i++) {
        struct claim_number *x = &c->number[i];
        const char *const params[] = { "table", x->tab, "row", x->row, "col", x->col, NULL };
        struct rows r;
        if (query_rows(s, &r, query_find("paper"), params) != 0)
            return -1;
        const char *value = rows_get(&r, 0, "value"), *spread = rows_get(&r, 0, "spread");
        free(x->value);
        x->value =
            spread && *spread ? xprintf("%s ± %s", value, spread) : xstrdup(value ? value : "-");
        rows_free(&r);
    }
    return 0;
}

int claims_judge(struct claims *c, struct store *s)
{
    for (int i = 0; i < c->n; i++)
        if (read_paper(&c->claim[i], s) != 0 ||
            read_study(&c->claim[i], same_study(c, i), s) != 0 ||
            judge_claim(c, &c->claim[i], s) != 0)
            return fail_context("claim '%s'", c->claim[i].id);
    if (claims_looks_read(c, s) != 0)
        return -1;
    for (int f = 0; f < N_FAMILIES; f++)
        correct_family(c, f);
    for (int i = 0; i < c->n_rows; i++)
        decide_row(&c->row[i]);
    free(c->left_out);
    c->left_out = footnote_excluded_text(s, NULL);
    return 0;
}

enum verdict claims_verdict(const struct claims *c, const struct claim *claim)
{
    bool all = true;

    for (int i = 0; i < c->n_rows; i++) {
        if (c->row[i].claim != claim || c->row[i].verdict == DESCRIBED)
            continue;
        if (c->row[i].verdict == FAILS)
            return FAILS;
        all &= c->row[i].verdict == HOLDS;
    }
    return all ? HOLDS : UNDECIDED;
}
