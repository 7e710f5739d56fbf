/* test_claims.c - planted outcomes: every kind of claim holds, fails, or stays undecided for the
 * right reason; corrections; damaged claim files; the claims that are part of the program. */
#include "tests/kit/claims_kit.h"
#include "core/os/file.h"
#include "results/verdicts/claims_looks.h"
#include "results/verdicts/claims_text.h"
#include "tests/kit/store_kit.h"
#include "tests/kit/suite.h" /* last: check.h has a macro named fail */

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- two sides of a study */

#define BETTER "kind: better\nmargin: 0.002\n"
#define SIDES "with: {a: {rank: 1}, b: {rank: 64}}\n"
static const struct {
    const char *lines;
    double a, b;
    int seeds, left;
    enum verdict want;
    const char *why;
} sides[] = {
    { BETTER SIDES, 0.85, 0.80, 4, 0, HOLDS, NULL },
    { BETTER SIDES, 0.80, 0.85, 4, 0, FAILS, NULL },
    { BETTER SIDES, 0.8005, 0.80, 4, 0, UNDECIDED,
      "9 seeds would probably decide, about 0 seconds of one worker: lowrank sweep rank --seeds "
      "9" },
    { "kind: better\nmargin: 0.06\n" SIDES, 0.85, 0.80, 4, 0, FAILS, NULL },
    { "kind: not_worse\nmargin: 0.01\n" SIDES, 0.798, 0.80, 4, 0, HOLDS, NULL },
    { "kind: not_worse\nmargin: 0.01\n" SIDES, 0.77, 0.80, 4, 0, FAILS, NULL },
    { "kind: not_worse\nmargin: 0.01\n" SIDES, 0.7895, 0.80, 4, 0, UNDECIDED,
      "at this difference and spread the planned 12 seeds would probably not decide" },
    { "kind: not_worse\nmargin: 0.01\n" SIDES, 0.79, 0.80, 4, 0, UNDECIDED,
      "p = 1 at 4 of 12 planned seeds, 1 after correction for looks and claims" },
    { "kind: equal\nmargin: 0.01\n" SIDES, 0.802, 0.80, 4, 0, HOLDS, NULL },
    { "kind: equal\nmargin: 0.01\n" SIDES, 0.85, 0.80, 4, 0, FAILS, NULL },
    { "kind: equal\nmargin: 0.01\n" SIDES, 0.75, 0.80, 4, 0, FAILS, NULL },
    { "kind: equal\nmargin: 0.01\n" SIDES, 0.81, 0.80, 4, 0, UNDECIDED,
      "the planned 12 seeds would probably not decide" },
    { BETTER "planned: 4\n" SIDES, 0.8015, 0.80, 4, 0, UNDECIDED,
      "these are the planned 4 seeds, so it stays undecided" },
    { BETTER SIDES, 0.85, 0.80, 2, 0, UNDECIDED,
      "only 2 of 3 seeds (rank=1 against rank=64): lowrank sweep rank --seeds 3" },
    { BETTER SIDES, 0.85, 0.80, 3, 1, UNDECIDED, "only 2 of 3 seeds" },
    { BETTER SIDES, 0.85, 0.80, 3, 6, UNDECIDED, "0 of 3 seeds" },
    { BETTER "units: 4\n" SIDES, 0.85, 0.80, 3, 0, UNDECIDED, "3 of 4 seeds" },
    { BETTER "parts: 2\n" SIDES, 0.85, 0.80, 4, 0, UNDECIDED,
      "only 1 of 2 comparisons can be made" },
    { BETTER SIDES, INFINITY, 0.80, 4, 0, UNDECIDED, "4 of 4 seeds diverged" },
    { BETTER SIDES, 0.85, INFINITY, 4, 0, UNDECIDED, "0 of 3 seeds" },
    { BETTER "with: {a: {rank: 2}, b: {rank: 64}}\n", 0.85, 0.80, 4, 0, UNDECIDED,
      "study 'rank' has nothing to compare yet: lowrank sweep rank" },
};

START_TEST(two_sides)
{
    struct cell cell[] = { { "\"rank\":1", sides[_i].a, 0, 0 },
                           { "\"rank\":64", sides[_i].b, 0, 0 } };

    judge_one(planted("rank", "accuracy", cell, 2, sides[_i].seeds, sides[_i].left),
              sides[_i].lines, sides[_i].want, sides[_i].why);
}
END_TEST

/* For a metric that should be small, less is better. */
START_TEST(less_can_be_better)
{
    struct cell cell[] = { { "\"rank\":1", 0.70, 0, 0 }, { "\"rank\":64", 0.80, 0, 0 } };

    judge_one(planted("rank", "loss", cell, 2, 3, 0), BETTER SIDES, HOLDS, NULL);
    judge_one(planted("rank", "loss", cell, 2, 3, 0),
              BETTER "with: {a: {rank: 64}, b: {rank: 1}}\n", FAILS, NULL);
    /* The first seed has no result that would name the metric. */
    struct store *s = planted("rank", "loss", cell, 2, 4, 0);
    kit_sql(kit_path("t.db"),
            "UPDATE run SET state = 'failed' WHERE seed = 1;"
            "DELETE FROM result WHERE run_id IN (SELECT run_id FROM run WHERE seed = 1)");
    judge_one(s, BETTER SIDES, HOLDS, NULL);
}
END_TEST

/* Targets may be stored as a list or as a string; both are matched, and "q" is not "q,v". A claim
 * against several others holds only against all of them. */
static const struct {
    double others[3];
    enum verdict want;
} several[] = {
    { { 0.70, 0.71, 0.72 }, HOLDS },
    { { 0.70, 0.90, 0.72 }, FAILS },
    { { 0.70, 0.7999, 0.72 }, UNDECIDED },
};

START_TEST(against_each_of_several)
{
    const double *x = several[_i].others;
    struct cell cell[] = { { "\"targets\":[\"q\",\"v\"],\"rank\":4", 0.80, 0, 0 },
                           { "\"targets\":[\"q\"],\"rank\":8", x[0], 0, 0 },
                           { "\"targets\":\"k\",\"rank\":8", x[1], 0, 0 },
                           { "\"targets\":[\"v\"],\"rank\":8", x[2], 0, 0 } };
    const char *lines = BETTER "parts: 3\nwith: {a: {targets: \"q,v\"}, b: {targets: [q, k, v]}}\n";
    struct store *s = planted("rank", "accuracy", cell, 4, 3, 0);
    struct claims c = judged(s, &lines, 1);

    ck_assert_int_eq(c.n_rows, 1);
    ck_assert_int_eq(c.row[0].n_parts, 3);
    ck_assert_int_eq(c.row[0].verdict, several[_i].want);
    ck_assert_str_eq(c.row[0].part[1].label, "targets=q,v rank=4 against targets=k rank=8");
    /* all hold: the largest p-value counts; one fails: the smallest, times how many there are */
    double p = _i == 0 ? 0 : 1;
    for (int i = 0; i < 3; i++)
        p = _i == 0                   ? fmax(p, c.row[0].part[i].p)
            : c.row[0].part[i].inside ? p
                                      : fmin(p, 3 * c.row[0].part[i].p);
    ck_assert(_i == 2 || c.row[0].p == p);
    claims_free(&c);
    store_close(s);
}
END_TEST

/* "best", "largest" and "smallest" choose a setting, and wait for all that they choose from. */
START_TEST(sides_that_choose)
{
    struct cell cell[] = { { "\"method\":\"p\",\"rank\":8", 0.60, 0, 0 },
                           { "\"method\":\"p\",\"rank\":1", 0.70, 0, 0 },
                           { "\"method\":\"p\",\"rank\":4", 0.80, 0, 0 },
                           { "\"method\":\"p\",\"rank\":2", 0.75, 0, 0 } };
    const char *drops = BETTER "with: {a: {method: p}, b: {method: p}, by: method, pick_a: best, "
                               "pick_b: largest}\n";
    const char *grows = BETTER "with: {a: {method: p}, b: {method: p}, by: method, "
                               "pick_a: smallest, pick_b: largest}\n";
    const char *const both[] = { drops, grows };
    struct store *s = planted("rank", "accuracy", cell, 4, 3, 0);
    struct claims c = judged(s, both, 2);

    ck_assert_int_eq(c.n_rows, 2);
    ck_assert_str_eq(c.row[0].part[0].label, "rank=4 (best of 3) against rank=8");
    ck_assert_str_eq(c.row[1].part[0].label, "rank=1 against rank=8");
    ck_assert_double_eq_tol(c.row[0].part[0].a.mean, 0.80, 2e-3);
    ck_assert_int_eq(c.row[0].part[0].ref_trained, 108);
    ck_assert(c.row[0].verdict == HOLDS && c.row[1].verdict == HOLDS);
    claims_free(&c);
    store_close(s);
    judge_one(planted("rank", "accuracy", cell, 4, 3, 3), drops, UNDECIDED,
              "a setting to choose from has no finished run");
}
END_TEST

/* With "match" each value of a key is a comparison of its own. */
START_TEST(sides_that_match)
{
    struct cell cell[] = { { "\"method\":\"lora\",\"rank\":1", 0.80, 0, 0 },
                           { "\"method\":\"p\",\"rank\":1", 0.70, 0, 0 },
                           { "\"method\":\"lora\",\"rank\":2", 0.90, 0, 0 },
                           { "\"method\":\"p\",\"rank\":2", 0.85, 0, 0 } };
    const char *lines =
        BETTER "parts: 2\nwith: {a: {method: lora}, b: {method: p}, match: [rank]}\n";
    struct store *s = planted("rank", "accuracy", cell, 4, 3, 0);
    struct claims c = judged(s, &lines, 1);

    ck_assert_int_eq(c.row[0].n_parts, 2); /* four without the match */
    ck_assert_str_eq(c.row[0].part[1].label, "method=lora against method=p at rank=2");
    ck_assert_double_eq_tol(c.row[0].part[1].d.mean, 0.05, 3e-3);
    claims_free(&c);
    store_close(s);
}
END_TEST

/* --- examples */

static const struct {
    const char *metric;
    int a, b; /* right answers per mille; the errors are spread over both labels */
    enum verdict want;
} answered[] = {
    { "accuracy", 900, 800, HOLDS },     /* 40 of 400 examples, all in one direction */
    { "accuracy", 811, 800, UNDECIDED }, /* four examples; over seeds alone it holds */
    { "accuracy", 800, 900, FAILS },     { "f1", 900, 800, HOLDS },
    { "f1", 811, 800, UNDECIDED },       { "matthews", 900, 800, HOLDS },
    { "matthews", 811, 800, UNDECIDED }, { "pearson", 900, 800, HOLDS },
    { "pearson", 800, 900, FAILS },
};

/* Seeds and examples are one test: with examples the interval is wider than that over seeds. */
START_TEST(examples_count_too)
{
    struct cell cell[] = { { "\"rank\":1", 0, 0, answered[_i].a },
                           { "\"rank\":64", 0, 0, answered[_i].b } };
    const char *lines = BETTER SIDES;
    struct store *s = planted("rank", answered[_i].metric, cell, 2, 4, 0);
    struct claims c = judged(s, &lines, 1), again = judged(s, &lines, 1);
    const struct claim_part *p = &c.row[0].part[0];

    ck_assert_msg(c.row[0].verdict == answered[_i].want, "%s %s %g %s", answered[_i].metric,
                  verdict_names[c.row[0].verdict], c.row[0].p_holm, c.row[0].why);
    ck_assert_int_eq((int)p->n_examples, EXAMPLES);
    ck_assert(p->hi - p->d.mean > 1.05 * p->d.half && p->df > 3);
    struct stats_joint seeds = stats_joint_of(&p->d);
    ck_assert(stats_joint_p(&seeds, p->d.mean, 0.002) < 0.02); /* which would have decided */
    ck_assert(again.row[0].p == c.row[0].p && again.row[0].part[0].lo == p->lo);
    claims_free(&c);
    claims_free(&again);
    store_close(s);
}
END_TEST

/* The table of seeds and examples that counts give for accuracy is that of the answers. */
START_TEST(counts_are_enough_for_accuracy)
{
    struct cell cell[] = { { "\"rank\":1", 0, 0, 860 }, { "\"rank\":64", 0, 0, 800 } };
    static const int jitter[4] = { 0, 1, 0, 0 };
    const char *lines = BETTER SIDES;
    struct store *s = planted("rank", "accuracy", cell, 2, 3, 0);
    struct claims c = judged(s, &lines, 1);
    double y[3 * EXAMPLES];
    struct stats_crossed want;

    for (int seed = 1; seed <= 3; seed++)
        for (int i = 0; i < EXAMPLES; i++)
            y[(seed - 1) * EXAMPLES + i] =
                (i < 344 + jitter[seed % 4]) - (i < 320 + jitter[(seed + 1) % 4]);
    stats_crossed_table(&want, y, 3, EXAMPLES);
    const struct stats_crossed *got = &c.row[0].part[0].crossed;
    ck_assert_double_eq_tol(got->seeds / want.seeds, 1, 1e-12);
    ck_assert_double_eq_tol(got->examples / want.examples, 1, 1e-12);
    ck_assert_double_eq_tol(got->rest / want.rest, 1, 1e-12);
    claims_free(&c);
    store_close(s);
}
END_TEST

/* Predictions that are not those of the numbers cannot tell how sure the numbers are. */
START_TEST(predictions_of_other_numbers)
{
    struct cell cell[] = { { "\"rank\":1", 0, 0, 900 }, { "\"rank\":64", 0, 0, 800 } };
    struct store *s = planted("rank", "accuracy", cell, 2, 3, 0);

    kit_sql(kit_path("t.db"), "UPDATE result SET value = value + 0.02 WHERE run_id = 1");
    judge_one(s, BETTER SIDES, UNDECIDED, "the stored predictions do not give the stored numbers");
}
END_TEST

/* --- corrections and outcomes */

/* p = 0.01 decides at this look when it is the only claim, and not among three. A claim beyond the
 * paper does not count among the paper's. */
START_TEST(holm_over_everything)
{
    struct cell cell[] = { { "\"rank\":1", 0.8085, 0, 0 },
                           { "\"rank\":2", 0.7000, 0, 0 },
                           { "\"rank\":64", 0.8, 0, 0 } };
    const char *const alone[] = { BETTER SIDES, "@" BETTER SIDES };
    const char *const together[] = { BETTER SIDES, BETTER SIDES, BETTER SIDES, "@" BETTER SIDES };
    struct store *s = planted("rank", "accuracy", cell, 3, 3, 0);
    struct claims a = judged(s, alone, 2), t = judged(s, together, 4);
    double share = claims_spent(3.0 / 12);

    ck_assert_msg(a.row[0].p > 0.05 * share / 3 && a.row[0].p < 0.05 * share, "%g", a.row[0].p);
    ck_assert_double_eq_tol(a.row[0].p_holm, a.row[0].p / share, 1e-15);
    ck_assert(a.row[0].verdict == HOLDS && a.row[1].verdict == HOLDS && a.row[0].n_tests == 1);
    ck_assert_str_eq(a.row[0].outcome, "better");
    ck_assert_double_eq_tol(t.row[0].p_holm, 3 * t.row[0].p / share, 1e-15);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(t.row[i].verdict, UNDECIDED);
        ck_assert_str_eq(t.row[i].outcome, "not worse"); /* than by the margin */
        ck_assert_ptr_nonnull(strstr(t.row[i].why, "after correction for looks and claims"));
    }
    ck_assert_int_eq(t.row[3].verdict, HOLDS);
    claims_free(&a);
    claims_free(&t);
    store_close(s);
}
END_TEST

static const struct {
    double a;
    const char *kind, *outcome;
    enum verdict want;
} outcomes[] = {
    { 0.85, "better", "better", HOLDS },        { 0.80, "better", "equivalent", FAILS },
    { 0.75, "better", "worse", FAILS },         { 0.85, "not_worse", "better", HOLDS },
    { 0.80, "not_worse", "equivalent", HOLDS }, { 0.75, "not_worse", "worse", FAILS },
    { 0.81, "not_worse", "not worse", HOLDS },  { 0.79, "better", "not better", FAILS },
    { 0.85, "equal", "better", FAILS },         { 0.80, "equal", "equivalent", HOLDS },
    { 0.75, "equal", "worse", FAILS },          { 0.81, "equal", "not worse", UNDECIDED },
    { 0.81, "better", "not worse", UNDECIDED },
};

/* Two arms that tie are equivalent, which ends a claim of either kind. */
START_TEST(a_difference_has_an_outcome)
{
    struct cell cell[] = { { "\"rank\":1", outcomes[_i].a, 0, 0 }, { "\"rank\":64", 0.80, 0, 0 } };
    char *text = xprintf("kind: %s\nmargin: 0.01\n" SIDES, outcomes[_i].kind);
    const char *lines = text;
    struct store *s = planted("rank", "accuracy", cell, 2, 4, 0);
    struct claims c = judged(s, &lines, 1);

    ck_assert_msg(c.row[0].verdict == outcomes[_i].want, "%s", verdict_names[c.row[0].verdict]);
    ck_assert_str_eq(c.row[0].outcome, outcomes[_i].outcome);
    claims_free(&c);
    store_close(s);
    free(text);
}
END_TEST

/* A test that was changed says when, and whether the store had its runs by then. */
START_TEST(a_changed_claim_says_so)
{
    struct cell cell[] = { { "\"rank\":1", 0.85, 0, 0 }, { "\"rank\":64", 0.80, 0, 0 } };
    const char *const lines[] = { BETTER "changed: \"2026-02-03, why not\"\n" SIDES };
    struct store *s = planted("rank", "accuracy", cell, 2, 3, 0);

    for (int i = 0; i < 2; i++) {
        kit_sql(kit_path("t.db"), i ? "UPDATE attempt SET started = unixepoch('2026-02-04')"
                                    : "UPDATE attempt SET started = unixepoch('2026-02-03')");
        struct claims c = judged(s, lines, 1);
        char *text = claims_changed(&c.claim[0]);
        ck_assert_str_eq(text, i ? "2026-02-03, before any of its runs here: why not"
                                 : "2026-02-03, after its first run here (2026-02-03): why not");
        free(text);
        claims_free(&c);
    }
    store_close(s);
}
END_TEST

/* --- files */

#define HEAD "claim: x\nsentence: s\nsection: a\n"
#define WORSE HEAD "study: r\nkind: not_worse\nmargin: 1\n"
static const struct {
    const char *text, *says;
} damaged[] = {
    { HEAD "study: rank\n", "results/claims/x.yaml:1:1: key 'kind' is missing" },
    { HEAD "kind: better\n", "key 'study' is missing" },
    { HEAD "study: r\nkind: beter\n", "results/claims/x.yaml:5:7: 'kind' must be one of" },
    { HEAD "study: r\nkind: better\nmargn: 1\n",
      "results/claims/x.yaml:6:1: unknown key 'margn'; did you mean 'margin'?" },
    { HEAD "study: r\nkind: better\nmargin: -1\n", "x.yaml:6:9: 'margin' must be" },
    { HEAD "study: r\nkind: equal\n", "'equal' needs a 'margin' above 0" },
    { HEAD "study: r\nkind: better\n", "'better' needs a 'margin' above 0" },
    { WORSE "family: rank\n", "x.yaml:7:9: 'family' must be one of" },
    { WORSE "units: 5\nplanned: 4\n",
      "x.yaml:8:10: 'planned' must be at least 'units' (5), not 4" },
    { WORSE "units: 13\n", "x.yaml:7:8: 'planned' must be at least 'units' (13), not 12" },
    { WORSE "changed: yesterday\n", "'changed' must be 'YYYY-MM-DD, why', not 'yesterday'" },
    { WORSE "changed: \"2026-01-02, \"\n", "'changed' must be 'YYYY-MM-DD, why'" },
    { HEAD "study: r\nkind: above\n", "needs a 'bound' and takes no 'margin'" },
    { WORSE "bound: 1\n", "takes no 'bound'" },
    { HEAD "study: r\nkind: better\nunits: 1\n", "'units' must be a whole number from 2" },
    { HEAD "study: [r]\nkind: better\n", "x.yaml:4:8: 'study' must be a single value" },
    { WORSE "query: nothing\n", "x.yaml:7:8: unknown query 'claim_nothing'" },
    { WORSE "with: {c: 1}\n", "x.yaml:7:8: query 'claim_compare' has no parameter 'c' to set" },
    { WORSE "with: {pick_a: most}\n", "must be each, best, largest or smallest" },
    { WORSE "with: [a]\n", "'with' must be a mapping" },
    { WORSE "paper: T5\n", "'paper' must be a list" },
    { WORSE "paper:\n  - {table: T5, rows: [Wx], cols: [WikiSQL]}\n",
      "x.yaml:8:24: the paper has no number in table 'T5', row 'Wx', column 'WikiSQL'" },
    { WORSE "paper:\n  - {table: T5, row: Wq}\n", "x.yaml:8:5: must be {table" },
    { HEAD "study: r\nkind: better\nkind: better\n", "x.yaml:6:1: duplicate key 'kind'" },
    { "claim: y\nsentence: s\nsection: a\nstudy: r\nkind: better\nmargin: 1\n",
      "x.yaml:1:8: 'y' must be the name of the file" },
    { HEAD "study: r\nkind: \"better\n", "results/claims/x.yaml:" },
    { "", "results/claims/x.yaml" },
};

START_TEST(a_damaged_file_is_refused)
{
    struct embedded files[] = { { "claims/x.yaml", damaged[_i].text },
                                { "paper.tsv", planted_paper },
                                { 0 } };
    struct claims c;

    ck_assert_int_eq(claims_load(&c, files), -1);
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    ck_assert_msg(strstr(fail_text(), damaged[_i].says), "%s", fail_text());
    ck_assert(c.n == 0 && !c.claim);
}
END_TEST

/* Every claim of the program is complete, and without runs it says what to do. */
START_TEST(built_in_claims)
{
    struct store *s = kit_store();
    struct claims c;

    ck_assert_msg(claims_load(&c, embedded_files) == 0, "%s", fail_text());
    ck_assert_int_ge(c.n, 20);
    ck_assert_msg(claims_judge(&c, s) == 0, "%s", fail_text());
    ck_assert_int_eq(c.n_rows, c.n);
    for (int i = 0; i < c.n; i++) {
        ck_assert_int_eq(claims_verdict(&c, &c.claim[i]), UNDECIDED);
        ck_assert_msg(strstr(c.row[i].why, "lowrank "), "%s", c.row[i].why);
        char *text = claims_paper(&c.claim[i]);
        ck_assert_msg(!strstr(text, " -"), "%s: %s", c.claim[i].id, text);
        free(text);
    }
    claims_free(&c);
    store_close(s);
}
END_TEST

/* --- the command */

static const struct {
    const char *line;
    int rc;
    const char *says;
} commands[] = {
    { "claims", 0, "0 of 34 claims of the paper hold, 0 fail, 34 undecided\n" },
    { "claims", 0, "0 of 1 claims beyond the paper hold, 0 fail, 1 undecided\n" },
    { "claims --budget 2h", 2, "'budget' is for --run" },
    { "claims rank_one_suffices --run --budget 0.5s", 0, "only 2 of 3 seeds" }, /* too little */
    { "claims rank_one_suffices --run --budget 0.5s", 0,
      "the budget has no room for the next step, 'lowrank sweep rank --seeds 3': about 1 second" },
    { "claims rank_one_suffices --run", 1,
      "lowrank sweep rank --seeds 3: about 1 second of one worker, will probably decide 0.5" },
    { "claims rank_one_suffices --run", 1, "'lowrank sweep rank --seeds 3' failed with exit" },
    { "claims --run --budget soon", 2, "'budget' must be a time like 30m or 2h, not 'soon'" },
    { "claims rank_one_suffices", 0,
      "needs  only 2 of 3 seeds (rank=1 against rank=64): lowrank sweep rank\n           --seeds "
      "3\n" },
    { "claims rank_one_suffices", 0,
      "T6 WikiSQL Wq,Wv: r1 73.4, r64 73.5; T6 MNLI Wq,Wv: r1 91.3" },
    { "claims rank_one_suffices --long", 0, "trainable parameters: 101 against 164" },
    { "claims rank_one_suffices --format csv", 0, "claim,verdict,outcome,model," },
    { "claims --format json", 0, "\"verdict\": \"undecided\"" },
    { "claims phi_rank --format md", 0, "| phi\\_rank | undecided |" },
    { "claims phi_rank --format latex", 0, "\\toprule" },
    { "claims --list --home /nowhere", 0, "targets_qv" },
    { "claims rank_one_sufices", 2,
      "unknown claim 'rank_one_sufices'; did you mean 'rank_one_suffices'?" },
    { "claims --home /nowhere", 4, "no results yet" },
    { "claims --help", 0, "usage: lowrank claims" },
    { "aggregate rank", 0, "P(better than targets=q,v rank=1" },
    { "aggregate rank --against rank=1", 2, "unknown arm 'rank=1'" },
    { "aggregate nothing", 1, "study 'nothing' has no scores to aggregate yet" },
};

START_TEST(the_command_answers)
{
    const char *program = getenv("LOWRANK");
    struct cell cell[] = { { "\"targets\":[\"q\",\"v\"],\"rank\":1", 0.80, 0, 500 },
                           { "\"targets\":[\"q\",\"v\"],\"rank\":64", 0.81, 0, 510 } };
    static char out[1 << 17];

    if (!program) {
        skip("claims: LOWRANK does not name the program");
        return;
    }
    store_close(planted("rank", "accuracy", cell, 2, 2, 0));
    char *shell =
        xprintf("mkdir -p %s; ln -sf ../t.db %s/lowrank.db; LOWRANK_HOME=%s %s %s 2>&1",
                kit_path("home"), kit_path("home"), kit_path("home"), program, commands[_i].line);
    char *argv[] = { "bash", "-c", shell, NULL };
    int rc = spawn_wait(argv, out, sizeof out, 60);

    ck_assert_msg(rc == commands[_i].rc, "%s: exit %d\n%s", commands[_i].line, rc, out);
    ck_assert_msg(strstr(out, commands[_i].says), "%s:\n%s", commands[_i].line, out);
    free(shell);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, two_sides, 0, ARRAY_LEN(sides));
    tcase_add_test(tc, less_can_be_better);
    tcase_add_loop_test(tc, against_each_of_several, 0, ARRAY_LEN(several));
    tcase_add_test(tc, sides_that_choose);
    tcase_add_test(tc, sides_that_match);
    tcase_add_loop_test(tc, examples_count_too, 0, ARRAY_LEN(answered));
    tcase_add_test(tc, counts_are_enough_for_accuracy);
    tcase_add_test(tc, predictions_of_other_numbers);
    tcase_add_test(tc, holm_over_everything);
    tcase_add_loop_test(tc, a_difference_has_an_outcome, 0, ARRAY_LEN(outcomes));
    tcase_add_test(tc, a_changed_claim_says_so);
    tcase_add_loop_test(tc, a_damaged_file_is_refused, 0, ARRAY_LEN(damaged));
    tcase_add_test(tc, built_in_claims);
    tcase_add_loop_test(tc, the_command_answers, 0, ARRAY_LEN(commands));
}

const struct suite suite_claims = { "claims", fill };
