/* test_claims_looks.c - verdicts while runs are still added: what a look costs, what is recorded,
 * which runs are added, and how often a verdict is wrong when somebody stops at the first one. */
#include "results/verdicts/claims_looks.h"
#include "core/base/rng.h"
#include "results/verdicts/claims_run.h"
#include "tests/kit/claims_kit.h"
#include "tests/kit/store_kit.h"
#include "tests/kit/suite.h" /* last: check.h has a macro named fail */

#include <math.h>
#include <stdlib.h>
#include <string.h>

START_TEST(shares_add_up)
{
    static const double n[] = { 3, 6, 9, 12 }, p[] = { 0.04, 0.02, 0.001, 0.5 };
    double share, sum = 0;
    int at;

    ck_assert_double_eq_tol(claims_spent(0.5), log(1 + (exp(1) - 1) / 2), 1e-15);
    ck_assert(claims_spent(0) == 0 && claims_spent(-1) == 0);
    ck_assert_double_eq_tol(claims_spent(2), 1, 1e-15);
    for (int k = 1; k <= 4; k++)
        sum += claims_spent(k / 4.0) - claims_spent((k - 1) / 4.0);
    ck_assert_double_eq_tol(sum, 1, 1e-15);
    double q = claims_sequential(n, p, 4, 12, &at, &share);
    ck_assert_int_eq(at, 2);
    ck_assert_double_eq_tol(share, claims_spent(0.75) - claims_spent(0.5), 1e-15);
    ck_assert_double_eq_tol(q, 0.001 / share, 1e-15);
    const struct claim c = { .units = 3, .planned = 10, .looks = 4 };
    ck_assert(claims_next_look(&c, 0) == 3 && claims_next_look(&c, 3) == 5);
    ck_assert(claims_next_look(&c, 5) == 8 && claims_next_look(&c, 8) == 10);
    ck_assert_int_eq(claims_next_look(&c, 10), 0);
}
END_TEST

#define LINES "kind: better\nmargin: 0.002\nwith: {a: {rank: 1}, b: {rank: 64}}\n"

/* A study of four seeds, of which only the first N count. */
static struct store *with_seeds(double mean, int n)
{
    struct cell cell[] = { { "\"rank\":1", mean, 0, 0 }, { "\"rank\":64", 0.80, 0, 0 } };
    struct store *s = planted("rank", "accuracy", cell, 2, 8, 0);
    char *sql = xprintf("UPDATE run SET state = 'queued' WHERE seed > %d", n);

    kit_sql(kit_path("t.db"), sql);
    free(sql);
    return s;
}

static void to_seeds(int n)
{
    char *sql = xprintf("UPDATE run SET state = iif(seed > %d, 'queued', 'done')", n);

    kit_sql(kit_path("t.db"), sql);
    free(sql);
}

static struct claims looked(struct store *s)
{
    const char *lines = LINES;
    struct claims c = judged(s, &lines, 1);

    ck_assert_msg(claims_looks_record(&c, kit_path("t.db")) == 0, "%s", fail_text());
    return c;
}

/* The second look has what is left of the level between both; the same look again is no new one. */
START_TEST(every_look_is_paid_for)
{
    struct store *s = with_seeds(0.8035, 4);
    struct claims c = looked(s), same = looked(s);

    ck_assert_double_eq_tol(c.row[0].share, claims_spent(4.0 / 12), 1e-15);
    ck_assert_double_eq_tol(c.row[0].p_look, c.row[0].p / c.row[0].share, 1e-15);
    ck_assert_double_eq_tol(same.row[0].p_look, c.row[0].p_look, 1e-15);
    ck_assert_double_eq(kit_one(kit_path("t.db"), "SELECT count(*) FROM look"), 1);
    to_seeds(8);
    struct claims d = looked(s);
    ck_assert_int_eq(d.row[0].units, 8);
    ck_assert_int_eq(d.row[0].look, 8);
    ck_assert_double_eq_tol(d.row[0].share, claims_spent(8.0 / 12) - claims_spent(4.0 / 12), 1e-15);
    ck_assert_double_eq(kit_one(kit_path("t.db"), "SELECT count(*) FROM look"), 2);
    claims_free(&c);
    claims_free(&same);
    ck_assert(!d.claim[0].unseen);
    claims_free(&d);
    kit_sql(kit_path("t.db"), "UPDATE attempt SET started = started - 1000");
    d = looked(s);
    ck_assert(d.claim[0].unseen); /* runs that are older than the record of looks */
    claims_free(&d);
    /* without the first look the second one would have had all that is spent until then */
    kit_sql(kit_path("t.db"), "DELETE FROM look");
    const char *lines = LINES;
    struct claims e = judged(s, &lines, 1);
    ck_assert_double_eq_tol(e.row[0].share, claims_spent(8.0 / 12), 1e-15);
    claims_free(&e);
    store_close(s);
}
END_TEST

/* A verdict that a look reached stays, unless the mean has changed sides; other numbers at the same
 * number of units do not erase a worse p-value. */
START_TEST(a_verdict_stays)
{
    struct store *s = with_seeds(0.82, 4);
    struct claims c = looked(s);

    ck_assert_int_eq(c.row[0].verdict, HOLDS);
    claims_free(&c);
    to_seeds(8);
    kit_sql(kit_path("t.db"), "UPDATE result SET value = value + 0.1 * (run.seed % 2) FROM run"
                              " WHERE run.run_id = result.run_id AND run.seed > 4 AND rank = 1");
    c = looked(s); /* better still, but so spread that 8 seeds alone would not decide */
    ck_assert_int_eq(c.row[0].look, 4);
    ck_assert_int_eq(c.row[0].verdict, HOLDS);
    ck_assert(c.row[0].p / (claims_spent(8.0 / 12) - claims_spent(4.0 / 12)) > 0.05);
    ck_assert_str_eq(c.row[0].outcome, "better");
    claims_free(&c);
    kit_sql(kit_path("t.db"), "UPDATE result SET value = value - 0.2 FROM run"
                              " WHERE run.run_id = result.run_id AND run.seed > 4 AND rank = 1");
    c = looked(s);
    ck_assert(c.row[0].reversed && c.row[0].verdict == UNDECIDED);
    ck_assert_ptr_nonnull(strstr(c.row[0].why, "the look at 4 seeds pointed the other way"));
    claims_free(&c);
    to_seeds(4); /* numbers that are made anew until they fit */
    kit_sql(kit_path("t.db"), "UPDATE look SET p = 0.9 WHERE units = 4");
    c = looked(s);
    ck_assert_double_eq(c.row[0].p_look, 1);
    ck_assert_double_eq(kit_one(kit_path("t.db"), "SELECT p FROM look WHERE units = 4"), 0.9);
    claims_free(&c);
    store_close(s);
}
END_TEST

/* No verdict uses more than the planned units; another test has looks of its own. */
START_TEST(the_plan_is_kept)
{
    struct store *s = with_seeds(0.82, 8);
    const char *six = "planned: 6\n" LINES, *other = "planned: 6\nunits: 4\n" LINES;
    struct claims c = judged(s, &six, 1), d = judged(s, &other, 1);

    ck_assert_int_eq(c.row[0].units, 6);
    ck_assert_double_eq_tol(c.row[0].share, 1, 1e-15);
    ck_assert_str_ne(c.claim[0].fingerprint, d.claim[0].fingerprint);
    claims_free(&c);
    claims_free(&d);
    store_close(s);
}
END_TEST

/* The step that decides most for each second, within the budget and the plan. */
START_TEST(runs_are_added_where_they_decide)
{
    const char *const lines[] = { LINES, "planned: 6\n" LINES };
    struct store *s = with_seeds(0.8035, 3);
    bool wanted[2] = { true, true };
    struct claims_step step;

    kit_sql(kit_path("t.db"), "UPDATE attempt SET wall_s = 100");
    struct claims c = judged(s, lines, 2);
    ck_assert(c.row[0].verdict == UNDECIDED && c.row[1].verdict == UNDECIDED);
    ck_assert(claims_best_step(&step, &c, wanted, 1e6));
    ck_assert_str_eq(step.study, "rank");
    ck_assert(step.seeds > 3 && step.seeds <= 12);
    ck_assert_double_eq_tol(step.seconds, 200.0 * (double)(step.seeds - 3), 1e-9); /* two cells */
    ck_assert(!claims_best_step(&step, &c, wanted, 150)); /* not even one seed more */
    wanted[0] = false;
    ck_assert(claims_best_step(&step, &c, wanted, 1e6) && step.seeds <= 6);
    claims_free(&c);
    to_seeds(8);
    c = judged(s, lines, 2); /* the second claim has all that it plans */
    ck_assert(!claims_best_step(&step, &c, wanted, 1e6));
    claims_free(&c);
    store_close(s);
}
END_TEST

/* --- how often a verdict is wrong
 *
 * The true difference is exactly the margin, so every verdict is wrong, and the worst that can
 * happen is that somebody adds seeds and looks until there is one. Seeds, examples and their
 * interaction are normal; the parts are in units of the residual, which a difference of two
 * accuracies has about. LOWRANK_SIMULATE=10000 repeats this as often as the figures in
 * results/README.md. */
enum { PLANNED = 12 };
static const struct {
    int examples; /* 1: none */
    double seed, example;
} worlds[] = {
    { 1, 1, 0 }, { 200, 0.1, 0.3 }, { 200, 0.02, 0.5 }, { 200, 0, 0.5 }, { 200, 0.3, 0 }
};

static double simulate_look(const double *y, int n, int examples)
{
    double d[PLANNED] = { 0 };
    struct stats_crossed table;

    for (int s = 0; s < n; s++)
        for (int i = 0; i < examples; i++)
            d[s] += y[s * examples + i] / examples;
    struct stats_mean m = stats_mean(d, n);
    struct stats_joint j = stats_joint_of(&m);
    if (examples > 1) {
        stats_crossed_table(&table, y, n, examples);
        stats_joint_add(&j, &table, 1);
    }
    return stats_joint_p(&j, m.mean, 0);
}

START_TEST(verdicts_are_rarely_wrong)
{
    const char *many = getenv("LOWRANK_SIMULATE");
    int repeats = many ? atoi(many) : 400, examples = worlds[_i].examples, wrong = 0, once = 0;
    double *y = xalloc((size_t)PLANNED * (size_t)examples, sizeof *y);
    struct rng g = rng_make(77, RNG_STUDY, (uint32_t)_i);

    for (int r = 0; r < repeats; r++) {
        double n[4], p[4], share;
        int at;
        double *b = xalloc((size_t)examples, sizeof *b);
        for (int i = 0; i < examples; i++)
            b[i] = worlds[_i].example * rng_normal(&g);
        for (int s = 0; s < PLANNED; s++) {
            double a = worlds[_i].seed * rng_normal(&g);
            for (int i = 0; i < examples; i++)
                y[s * examples + i] = a + b[i] + (examples > 1 ? rng_normal(&g) : 0);
        }
        free(b);
        for (int k = 0; k < 4; k++)
            n[k] = 3 * (k + 1), p[k] = simulate_look(y, 3 * (k + 1), examples);
        wrong += claims_sequential(n, p, 4, PLANNED, &at, &share) < CLAIMS_LEVEL;
        for (int k = 0; k < 4; k++)
            if (p[k] < CLAIMS_LEVEL) { /* looking without paying */
                once++;
                break;
            }
    }
    free(y);
    double share = (double)wrong / repeats, naive = (double)once / repeats;
    if (many)
        printf("%3d examples, seeds %.2f, examples %.2f: %.2f %% wrong; without shares %.2f %%\n",
               examples, worlds[_i].seed, worlds[_i].example, 100 * share, 100 * naive);
    /* 0.055 of 10,000; three standard errors more for fewer repeats */
    ck_assert_double_le(share, 0.055 + (many ? 0 : 3 * sqrt(0.05 * 0.95 / repeats)));
    ck_assert(_i > 0 || naive > 0.08); /* the simulation can see the error that it looks for */
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, shares_add_up);
    tcase_add_test(tc, every_look_is_paid_for);
    tcase_add_test(tc, a_verdict_stays);
    tcase_add_test(tc, the_plan_is_kept);
    tcase_add_test(tc, runs_are_added_where_they_decide);
    tcase_add_loop_test(tc, verdicts_are_rarely_wrong, 0, ARRAY_LEN(worlds));
    tcase_set_timeout(tc, 300);
}

const struct suite suite_claims_looks = { "claims_looks", fill };
