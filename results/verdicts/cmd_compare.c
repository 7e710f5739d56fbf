/* cmd_compare.c - "lowrank compare": two cells, paired by seed and by example. */
#include "core/cmd.h"
#include "core/base/text.h"
#include "results/query/footnote.h"
#include "results/query/found.h"
#include "results/query/query.h"
#include "results/query/read_options.h"
#include "results/verdicts/claims_examples.h"
#include "results/verdicts/claims_part.h"
#include "results/verdicts/claims_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The difference of b and a in each seed, and their runs as JSON pairs [b, a]. */
static void read_pairs(struct claim_part *p, struct text *pairs, const struct rows *r)
{
    double *a = xalloc(3 * (size_t)r->n_rows, sizeof *a), *b = a + r->n_rows, *d = b + r->n_rows;

    p->unit = xalloc((size_t)r->n_rows, sizeof *p->unit);
    for (int i = 0; i < r->n_rows; i++) {
        a[i] = claims_number(r, i, "a"), b[i] = claims_number(r, i, "b"), d[i] = b[i] - a[i];
        p->unit[i] = (struct claim_unit){ xstrdup(claims_cell(r, i, "seed")), b[i], a[i], d[i] };
        text_join(pairs, ",", "[%s,%s]", claims_cell(r, i, "run_b"), claims_cell(r, i, "run_a"));
    }
    p->n_units = r->n_rows;
    p->a = stats_mean(a, r->n_rows);
    p->b = stats_mean(b, r->n_rows);
    p->d = stats_mean(d, r->n_rows);
    p->joint = stats_joint_of(&p->d);
    free(a);
}

static int test_pairs(struct claim_part *p, struct store *s, const struct rows *r)
{
    const struct claims_answers of = { .split = claims_cell(r, 0, "split") };
    struct text pairs = { 0 };
    int rc = 0;

    read_pairs(p, &pairs, r);
    if (p->d.n > 1 && strcmp(claims_cell(r, 0, "answered"), "1") == 0)
        rc = claims_examples(p, s, text_string(&pairs), &of, claims_cell(r, 0, "metric"), 1);
    if (p->mismatch)
        p->n_examples = 0;
    if (p->n_examples > 0)
        stats_joint_add(&p->joint, &p->crossed, 1);
    p->lo = p->hi = p->df = NAN;
    if (p->d.n > 1) {
        double v = stats_joint_variance(&p->joint, p->d.n, 1, &p->df);
        double half = v > 0 ? stats_t_quantile(0.95, p->df) * sqrt(v) : 0;
        p->lo = p->d.mean - half, p->hi = p->d.mean + half;
    }
    p->p = stats_joint_p(&p->joint, p->d.mean, 0);
    text_free(&pairs);
    return rc;
}

/* People read percent where tables have it. */
static void add_row(struct rows *out, const struct claim_part *p, const struct rows *r, bool people)
{
    bool percent = people && strcmp(claims_cell(r, 0, "percent"), "1") == 0;
    double times = percent ? 100 : 1;
    int digits = people ? 4 : 15;
    char x[8][40], n[24], examples[24];

    snprintf(n, sizeof n, "%d", p->d.n);
    snprintf(examples, sizeof examples, "%ld", p->n_examples);
    rows_add(out, (const char *const[]){ claims_cell(r, 0, "metric"), claims_cell(r, 0, "which"), n,
                                         examples, rows_number(x[0], times * p->a.mean, digits),
                                         rows_number(x[1], times * p->b.mean, digits),
                                         rows_number(x[2], times * p->d.mean, people ? 3 : 15),
                                         rows_number(x[3], times * p->lo, people ? 3 : 15),
                                         rows_number(x[4], times * p->hi, people ? 3 : 15),
                                         rows_number(x[5], p->p, people ? 2 : 15),
                                         rows_number(x[6], p->df, people ? 3 : 15) });
}

static void add_notes(struct rows *out, const struct claim_part *p, const struct rows *r)
{
    bool least = strcmp(claims_cell(r, 0, "goal"), "min") == 0;
    bool better = least ? p->d.mean < 0 : p->d.mean > 0;

    if (p->d.n < 2)
        rows_note(out, "one seed in common: there is no interval and no test");
    else if (p->p < 0.05)
        rows_note(out, "b is %s than a (p < 0.05), paired over %d seeds%s",
                  better ? "better" : "worse", p->d.n,
                  p->n_examples ? " and the examples that both answered" : "");
    else
        rows_note(out, "the difference could be chance (p = %.2g), paired over %d seeds%s", p->p,
                  p->d.n, p->n_examples ? " and the examples that both answered" : "");
    if (p->n_examples == 0 && p->d.n > 1)
        rows_note(out, "%s",
                  p->mismatch ? "the stored answers do not give these numbers, so that "
                                "other seeds count as chance, but not other examples"
                              : "without stored answers of these evaluations other "
                                "seeds count as chance, but not other examples");
}

/* What the two cells are, in what they differ. */
static void print_what(struct store *s, const struct found *a, const struct found *b)
{
    const char *const params[] = { "a", a->name, "b", b->name, "cells", "1", NULL };
    struct text line = { 0 };
    struct rows r;

    if (query_named(s, &r, "cmd_diff_recipe", params) != 0)
        return;
    for (int i = 0; i < r.n_rows; i++) {
        const char *x = rows_get(&r, i, "a"), *y = rows_get(&r, i, "b");
        text_join(&line, ", ", "%s %s -> %s", rows_get(&r, i, "key"), x ? x : "-", y ? y : "-");
    }
    note("a = cell %.8s, b = cell %.8s: %s", a->name, b->name, text_string(&line));
    text_free(&line);
    rows_free(&r);
}

static int check_cells(struct store *s, const char *const *ab, const char *a, const char *b)
{
    struct rows r;
    int rc = strcmp(a, b) == 0
                 ? fail(FAIL_USAGE, "'%.8s' is one cell; there is nothing to compare", a)
                 : query_named(s, &r, "cmd_compare_cells", ab);

    if (rc != 0)
        return -1;
    if (r.n_rows == 2 && strcmp(claims_cell(&r, 0, "task"), claims_cell(&r, 1, "task")) != 0)
        rc = fail(FAIL_USAGE, "the cells are of different tasks ('%s' and '%s')",
                  claims_cell(&r, 0, "task"), claims_cell(&r, 1, "task"));
    rows_free(&r);
    return rc;
}

static int compare_cells(struct store *s, const struct read_options *o, const struct found *a,
                         const struct found *b, const char **words)
{
    static const char *const cols[] = { "metric",     "which", "seeds", "examples", "a",  "b",
                                        "difference", "lo",    "hi",    "p",        "df", NULL };
    const char *params[] = { "a", a->name, "b", b->name, "which", NULL, "metric", NULL, NULL };
    const char *const ab[] = { "a", a->name, "b", b->name, NULL };
    struct claim_part p = { 0 };
    struct rows r = { 0 }, out;

    for (; *words; words += 2) {
        int at = strcmp(words[0], "which") == 0 ? 5 : strcmp(words[0], "metric") == 0 ? 7 : 0;
        if (!at)
            return fail(FAIL_USAGE, "'%s' must be 'which' or 'metric'", words[0]);
        params[at] = words[1];
    }
    if (check_cells(s, ab, a->name, b->name) != 0 || query_named(s, &r, "cmd_compare", params) != 0)
        return -1;
    int rc = r.n_rows == 0 ? fail(FAIL_RUN,
                                  "no seed has a finished run with such a number in both cells; "
                                  "'lowrank show %.8s' and 'lowrank show %.8s' have what there is",
                                  a->name, b->name)
                           : test_pairs(&p, s, &r);
    if (rc == 0) {
        bool people = o->format != ROWS_CSV && o->format != ROWS_JSON;
        print_what(s, a, b);
        rows_init(&out, cols);
        add_row(&out, &p, &r, people);
        add_notes(&out, &p, &r);
        rc = rows_print_free(&out, o->format);
    }
    claims_part_free(&p);
    rows_free(&r);
    return rc;
}

static int compare_work(void *cfg, int argc, char **argv)
{
    const struct read_options *o = cfg;
    struct found a = { 0 }, b = { 0 };
    struct store *s = NULL;
    const char **words = read_options_params(argv + 3, argc - 3);
    int rc = -1;

    if (words && read_options_open(&s, o) == 0 && found_read(&a, s, argv[1], FOUND_CELL) == 0 &&
        found_read(&b, s, argv[2], FOUND_CELL) == 0)
        rc = compare_cells(s, o, &a, &b, words);
    found_free(&a);
    found_free(&b);
    store_close(s);
    free(words);
    return rc;
}

static const struct opt_usage usage = {
    .command = "compare",
    .usage = "CELL CELL [name=value...]",
    .about =
        "Compare two cells: the difference of their means, paired by seed and by example, with "
        "its 95 % interval and p-value.",
    .detail =
        "The second cell less the first. Seeds and, where both cells stored their answers to\n"
        "the same examples, examples are random: one test covers both (the one of 'lowrank\n"
        "claims'). Numbers are of the chosen evaluation, or of the last one where dev\n"
        "chooses and is reported, because answers are stored there;\n"
        "  which=WHICH    other numbers: best, last, test, test_best, chosen\n"
        "  metric=METRIC  instead of the task's own; 'lowrank list metrics'\n"
        "The p-value is of this one test: who compares many cells has to correct it.",
    .example = "lowrank compare b386c80c 51d2",
    .min_args = 2,
    .max_args = -1,
};
static int compare_main(int argc, char **argv)
{
    return opt_command(&usage, read_options, sizeof(struct read_options), compare_work, argc, argv);
}

const struct cmd cmd_compare = { "compare", "look", "test the difference of two cells",
                                 compare_main };
