/* test_claims.c - planted outcomes: every kind of claim holds, fails, or stays undecided for the
 * right reason; Holm's correction; damaged claim files; the claims that are part of the program. */
#include "tests/kit/claims_kit.h"
#include "core/os/file.h"
#include "results/verdicts/claims_text.h"
#include "tests/kit/store_kit.h"
#include "tests/kit/suite.h" /* last: check.h has a macro named fail */

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- two sides of a study */

#define SIDES "with: {a: {rank: 1}, b: {rank: 64}}\n"
static const struct {
    const char *lines;
    double a, b;
    int seeds, left;
    enum verdict want;
    const char *why;
} sides[] = {
    { "kind: better\n" SIDES, 0.85, 0.80, 4, 0, HOLDS, NULL },
    { "kind: better\n" SIDES, 0.80, 0.85, 4, 0, FAILS, NULL },
    { "kind: better\n" SIDES, 0.8005, 0.80, 4, 0, UNDECIDED, "too close to the boundary" },
    { "kind: better\nmargin: 0.06\n" SIDES, 0.85, 0.80, 4, 0, FAILS, NULL },
    { "kind: not_worse\nmargin: 0.01\n" SIDES, 0.798, 0.80, 4, 0, HOLDS, NULL },
    { "kind: not_worse\nmargin: 0.01\n" SIDES, 0.77, 0.80, 4, 0, FAILS, NULL },
    { "kind: not_worse\nmargin: 0.01\n" SIDES, 0.7895, 0.80, 4, 0, UNDECIDED,
      "at this difference and spread about 26 seeds would decide: lowrank sweep rank --seeds 26" },
    { "kind: not_worse\nmargin: 0.01\n" SIDES, 0.79, 0.80, 4, 0, UNDECIDED,
      "more than 50 seeds would be needed" },
    { "kind: equal\nmargin: 0.01\n" SIDES, 0.802, 0.80, 4, 0, HOLDS, NULL },
    { "kind: equal\nmargin: 0.01\n" SIDES, 0.85, 0.80, 4, 0, FAILS, NULL },
    { "kind: equal\nmargin: 0.01\n" SIDES, 0.75, 0.80, 4, 0, FAILS, NULL },
    { "kind: equal\nmargin: 0.01\n" SIDES, 0.81, 0.80, 4, 0, UNDECIDED,
      "too close to the boundary" },
    { "kind: better\n" SIDES, 0.85, 0.80, 2, 0, UNDECIDED,
      "only 2 of 3 seeds (rank=1 against rank=64): lowrank sweep rank --seeds 3" },
    { "kind: better\n" SIDES, 0.85, 0.80, 3, 1, UNDECIDED, "only 2 of 3 seeds" },
    { "kind: better\n" SIDES, 0.85, 0.80, 3, 6, UNDECIDED, "0 of 3 seeds" },
    { "kind: better\nunits: 4\n" SIDES, 0.85, 0.80, 3, 0, UNDECIDED, "3 of 4 seeds" },
    { "kind: better\nparts: 2\n" SIDES, 0.85, 0.80, 4, 0, UNDECIDED,
      "only 1 of 2 comparisons can be made" },
    { "kind: better\n" SIDES, INFINITY, 0.80, 4, 0, UNDECIDED, "4 of 4 seeds diverged" },
    { "kind: better\n" SIDES, 0.85, INFINITY, 4, 0, UNDECIDED, "0 of 3 seeds" },
    { "kind: better\nwith: {a: {rank: 2}, b: {rank: 64}}\n", 0.85, 0.80, 4, 0, UNDECIDED,
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

    judge_one(planted("rank", "loss", cell, 2, 3, 0), "kind: better\n" SIDES, HOLDS, NULL);
    judge_one(planted("rank", "loss", cell, 2, 3, 0),
              "kind: better\nwith: {a: {rank: 64}, b: {rank: 1}}\n", FAILS, NULL);
    /* The first seed has no result that would name the metric. */
    struct store *s = planted("rank", "loss", cell, 2, 4, 0);
    kit_sql(kit_path("t.db"),
            "UPDATE run SET state = 'failed' WHERE seed = 1;"
            "DELETE FROM result WHERE run_id IN (SELECT run_id FROM run WHERE seed = 1)");
    judge_one(s, "kind: better\n" SIDES, HOLDS, NULL);
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
    const char *lines =
        "kind: better\nparts: 3\nwith: {a: {targets: \"q,v\"}, b: {targets: [q, k, v]}}\n";
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
    const char *drops =
        "kind: better\nwith: {a: {method: p}, b: {method: p}, by: method, pick_a: best, "
        "pick_b: largest}\n";
    const char *grows = "kind: better\nwith: {a: {method: p}, b: {method: p}, by: method, "
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
        "kind: better\nparts: 2\nwith: {a: {method: lora}, b: {method: p}, match: [rank]}\n";
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
    int a, b;     /* right answers per mille; the errors are spread over both labels */
    double apart; /* the difference in the metric; a share p gives both correlations 2p - 1 */
    enum verdict want;
} answered[] = {
    { "accuracy", 900, 800, 0.1, HOLDS },       /* 40 of 400 examples, all in one direction */
    { "accuracy", 805, 800, 0.005, UNDECIDED }, /* two examples; over seeds alone it holds */
    { "accuracy", 800, 900, -0.1, UNDECIDED },  /* the examples contradict the seeds */
    { "f1", 900, 800, 0.1, HOLDS },
    { "f1", 805, 800, 0.005, UNDECIDED },
    { "matthews", 900, 800, 0.2, HOLDS },
    { "matthews", 805, 800, 0.01, UNDECIDED },
    { "pearson", 900, 800, 0.2, HOLDS },
    { "pearson", 800, 900, -0.2, UNDECIDED },
};

START_TEST(examples_count_too)
{
    struct cell cell[] = { { "\"rank\":1", 0.90, 0, answered[_i].a },
                           { "\"rank\":64", 0.80, 0, answered[_i].b } };
    const char *lines = "kind: better\n" SIDES;
    struct store *s = planted("rank", answered[_i].metric, cell, 2, 3, 0);
    struct claims c = judged(s, &lines, 1), again = judged(s, &lines, 1);
    const struct claim_part *p = &c.row[0].part[0];

    ck_assert_int_eq(c.row[0].verdict, answered[_i].want);
    ck_assert_int_eq((int)p->n_examples, EXAMPLES);
    ck_assert_double_eq_tol(p->ex_d, answered[_i].apart, 1e-12);
    ck_assert(p->p_units < 0.05 && p->p >= p->p_examples && p->p >= p->p_units);
    if (strcmp(answered[_i].metric, "accuracy") == 0)
        ck_assert((p->mcnemar < 1e-6) == (_i != 1)); /* 40 discordant, or 2 */
    else
        ck_assert(isnan(p->mcnemar));
    ck_assert(p->ex_lo <= p->ex_d && p->ex_d <= p->ex_hi && p->ex_lo < p->ex_hi);
    ck_assert(again.row[0].p == c.row[0].p && again.row[0].part[0].ex_lo == p->ex_lo);
    claims_free(&c);
    claims_free(&again);
    store_close(s);
}
END_TEST

/* --- a family: p = 0.02 is enough alone but not among three */
START_TEST(holm_changes_a_verdict)
{
    /* Differences of 0.006 with noise of (1 - 3) wave: p about 0.02 for three seeds. */
    struct cell cell[] = { { "\"rank\":1", 0.8050, 0, 0 },
                           { "\"rank\":2", 0.7000, 0, 0 },
                           { "\"rank\":64", 0.8, 0, 0 } };
    const char *const alone[] = { "@kind: better\n" SIDES, "@kind: better\n" SIDES };
    const char *const together[] = { "kind: better\n" SIDES, "kind: better\n" SIDES,
                                     "kind: better\n" SIDES };
    struct store *s = planted("rank", "accuracy", cell, 3, 3, 0);
    struct claims a = judged(s, alone, 2), t = judged(s, together, 3);

    ck_assert_msg(a.row[0].p > 0.05 / 3 && a.row[0].p < 0.05, "%g", a.row[0].p);
    ck_assert(a.row[0].p_holm == a.row[0].p && a.row[0].verdict == HOLDS);
    ck_assert_double_eq_tol(t.row[0].p_holm, 3 * t.row[0].p, 1e-15);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(t.row[i].verdict, UNDECIDED);
        ck_assert_ptr_nonnull(strstr(t.row[i].why, "before Holm's correction"));
    }
    claims_free(&a);
    claims_free(&t);
    store_close(s);
}
END_TEST

/* --- files */

#define HEAD "claim: x\nsentence: s\nsection: a\nfamily: f\n"
static const struct {
    const char *text, *says;
} damaged[] = {
    { HEAD "study: rank\n", "results/claims/x.yaml:1:1: key 'kind' is missing" },
    { HEAD "kind: better\n", "key 'study' is missing" },
    { HEAD "study: r\nkind: beter\n", "results/claims/x.yaml:6:7: 'kind' must be one of" },
    { HEAD "study: r\nkind: better\nmargn: 1\n",
      "results/claims/x.yaml:7:1: unknown key 'margn'; did you mean 'margin'?" },
    { HEAD "study: r\nkind: better\nmargin: -1\n", "x.yaml:7:9: 'margin' must be" },
    { HEAD "study: r\nkind: equal\n", "needs a 'margin' above 0" },
    { HEAD "study: r\nkind: above\n", "needs a 'bound' and takes no 'margin'" },
    { HEAD "study: r\nkind: better\nbound: 1\n", "takes no 'bound'" },
    { HEAD "study: r\nkind: better\nunits: 1\n", "'units' must be a whole number from 2" },
    { HEAD "study: [r]\nkind: better\n", "x.yaml:5:8: 'study' must be a single value" },
    { HEAD "study: r\nkind: better\nquery: nothing\n",
      "x.yaml:7:8: unknown query 'claim_nothing'" },
    { HEAD "study: r\nkind: better\nwith: {c: 1}\n",
      "x.yaml:7:8: query 'claim_compare' has no parameter 'c' to set" },
    { HEAD "study: r\nkind: better\nwith: {pick_a: most}\n",
      "must be each, best, largest or smallest" },
    { HEAD "study: r\nkind: better\nwith: [a]\n", "'with' must be a mapping" },
    { HEAD "study: r\nkind: better\npaper: T5\n", "'paper' must be a list" },
    { HEAD "study: r\nkind: better\npaper:\n  - {table: T5, rows: [Wx], cols: [WikiSQL]}\n",
      "x.yaml:8:24: the paper has no number in table 'T5', row 'Wx', column 'WikiSQL'" },
    { HEAD "study: r\nkind: better\npaper:\n  - {table: T5, row: Wq}\n",
      "x.yaml:8:5: must be {table" },
    { HEAD "study: r\nkind: better\nkind: better\n", "x.yaml:7:1: duplicate key 'kind'" },
    { "claim: y\nsentence: s\nsection: a\nfamily: f\nstudy: r\nkind: better\n",
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
    { "claims", 0, "0 of 28 hold" },
    { "claims rank_one_suffices", 0,
      "needs  only 2 of 3 seeds (rank=1 against rank=64): lowrank sweep rank --seeds 3\n" },
    { "claims rank_one_suffices", 0,
      "T6 WikiSQL Wq,Wv: r1 73.4, r64 73.5; T6 MNLI Wq,Wv: r1 91.3" },
    { "claims rank_one_suffices --long", 0, "trainable parameters: 101\n        against 164" },
    { "claims rank_one_suffices --format csv", 0, "claim,verdict,model," },
    { "claims --format json", 0, "\"verdict\": \"undecided\"" },
    { "claims phi_rank --format md", 0, "| phi\\_rank | undecided |" },
    { "claims phi_rank --format latex", 0, "\\toprule" },
    { "claims --list --home /nowhere", 0, "targets_qv" },
    { "claims rank_one_sufices", 2,
      "unknown claim 'rank_one_sufices'; did you mean 'rank_one_suffices'?" },
    { "claims --home /nowhere", 4, "no results yet" },
    { "claims --help", 0, "usage: lowrank claims" },
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
    tcase_add_test(tc, holm_changes_a_verdict);
    tcase_add_loop_test(tc, a_damaged_file_is_refused, 0, ARRAY_LEN(damaged));
    tcase_add_test(tc, built_in_claims);
    tcase_add_loop_test(tc, the_command_answers, 0, ARRAY_LEN(commands));
}

const struct suite suite_claims = { "claims", fill };
