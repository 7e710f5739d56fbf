/* test_claims_queries.c - claims that do not compare the runs of two sides: similarity of
 * subspaces, the place of an optimum, numbers of an analysis, times of a forward pass. */
#include "tests/kit/claims_kit.h"
#include "results/query/query.h"
#include "results/store/analyses.h"
#include "results/verdicts/claims_looks.h"
#include "results/verdicts/claims_text.h"
#include "tests/kit/store_kit.h"
#include "tests/kit/suite.h" /* last: check.h has a macro named fail */

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pairs of adapters (runs k and 3 + k), two layers each, and random ones. */
static struct store *with_phi(double phi, double floor, int pairs)
{
    struct cell cell[] = { { "\"rank\":8", 0.8, 0, 0 }, { "\"rank\":64", 0.8, 0, 0 } };
    struct store *s = planted("rank", "accuracy", cell, 2, 3, 0);

    for (int k = 0; k < pairs; k++)
        for (int layer = 0; layer < 2; layer++) {
            struct analysis_row r[] = {
                { 1 + k, 4 + k, layer, "q", 1, 1, "phi_rank", phi + 0.01 * (k + layer) },
                { 1 + k, 4 + k, layer, "q", 2, 2, "phi_rank", 0.99 },
                { 0, 0, layer, "q", 1, 1, "phi_random", floor },
            };
            const struct analysis_set set = { "rank", "subspace", "" };
            ck_assert_int_eq(analyses_put(s, &set, r, 3), 0);
        }
    return s;
}

START_TEST(phi_above_a_bound_and_the_floor)
{
    const char *half =
        "kind: above\nbound: 0.5\nquery: phi\nunit: pairs\nmake: lowrank ablate subspace\n"
        "with: {kind: rank}\n";

    judge_one(with_phi(0.8, 0.1, 3), half, HOLDS, NULL);
    judge_one(with_phi(0.3, 0.1, 3), half, FAILS, NULL);
    judge_one(with_phi(0.8, 0.95, 3), half, FAILS, NULL);
    judge_one(with_phi(0.49, 0.1, 3), half, UNDECIDED,
              "the planned 12 pairs would probably not decide");
    judge_one(with_phi(0.8, 0.1, 1), half, UNDECIDED,
              "only 1 of 3 pairs (phi(1,1) of q): lowrank ablate subspace");
    struct store *one = with_phi(0.8, 0.1, 1);
    struct claims c = judged(one, &half, 1);
    char *size = claims_size(&c.row[0], &c.row[0].part[0]);
    ck_assert_str_eq(size, "1 pair");
    free(size);
    claims_free(&c);
    store_close(one);
    /* (1,4) and (2,4) share an adapter, as do (2,5) and (1,5): only two pairs are independent */
    struct store *s = with_phi(0.8, 0.1, 2);
    for (int k = 0; k < 2; k++) {
        const struct analysis_row more = { 2 - k, 4 + k, 0, "q", 1, 1, "phi_rank", 0.8 };
        const struct analysis_set set = { "rank", "subspace", "" };
        ck_assert_int_eq(analyses_put(s, &set, &more, 1), 0);
    }
    judge_one(s, half, UNDECIDED, "only 2 of 3 pairs (phi(1,1) of q)");
    judge_one(with_phi(0.3, 0.1, 3),
              "kind: below\nbound: 0.5\nquery: phi\nunit: pairs\nwith: {kind: rank}\n", HOLDS,
              NULL);
    judge_one(with_phi(0.3, 0.1, 3),
              "kind: below\nbound: 0.1\nquery: phi\nunit: pairs\nwith: {kind: rank}\n", FAILS,
              NULL);
}
END_TEST

/* Where another split chooses than the one that is reported, claims read the reported split at the
 * chosen evaluation, which is planted here to be the opposite of the last one. */
START_TEST(claims_of_runs_that_are_apart)
{
    const char *lines = "kind: better\nmargin: 0.01\nwith: {a: {rank: 1}, b: {rank: 64}}\n";
    struct cell cell[] = { { "\"rank\":1", 0.8, 0, 0 }, { "\"rank\":64", 0.7, 0, 0 } };

    judge_one(planted("rank", "accuracy", cell, 2, 3, 0), lines, HOLDS, NULL);
    struct store *s = planted("rank", "accuracy", cell, 2, 3, 0);
    kit_sql(kit_path("t.db"),
            "UPDATE run SET config = json_set(config, '$.select', '0.1');"
            " INSERT INTO result(run_id, which, metric_id, attempt, step, ordinal, value)"
            " SELECT run_id, 'chosen', metric_id, attempt, step, ordinal, 1.5 - value FROM result"
            " WHERE which = 'last'");
    judge_one(s, lines, FAILS, NULL);
}
END_TEST

/* The verdict of a claim of the program about S, which this closes. */
static enum verdict verdict_of(struct store *s, const char *id)
{
    enum verdict v = UNDECIDED;
    struct claims c;
    bool found = false;

    ck_assert_msg(claims_load(&c, embedded_files) == 0, "%s", fail_text());
    ck_assert_msg(claims_judge(&c, s) == 0, "%s", fail_text());
    for (int i = 0; i < c.n; i++)
        if (strcmp(c.claim[i].id, id) == 0) {
            v = claims_verdict(&c, &c.claim[i]);
            found = true;
        }
    ck_assert_msg(found, "no claim '%s'", id);
    claims_free(&c);
    store_close(s);
    return v;
}

/* Runs that are reported on test, with the scores of their texts. */
static struct store *with_texts(const char *study, const char *metric, const struct cell *cell,
                                int n)
{
    struct store *s = planted(study, metric, cell, n, 3, 0);

    kit_sql(kit_path("t.db"), "UPDATE run SET config = json_set(config, '$.report', 'test');"
                              " UPDATE result SET which = 'chosen' WHERE which = 'last'");
    return s;
}

/* Scores of texts are compared on their own scale: a point of BLEU is 0.01 on E2E and 1 on DART. */
START_TEST(scores_of_texts)
{
    struct cell e2e[] = {
        { "\"method\":\"lora\"", 0.652, 0, 0 },        { "\"method\":\"ft\"", 0.655, 0, 0 },
        { "\"method\":\"adapter-h\"", 0.60, 0, 0 },    { "\"method\":\"adapter-l\"", 0.61, 0, 0 },
        { "\"method\":\"prefix-layer\"", 0.59, 0, 0 }, { "\"method\":\"topk\"", 0.58, 0, 0 }
    };
    struct cell dart[] = { { "\"method\":\"lora\"", 45.2, 0, 0 },
                           { "\"method\":\"ft\"", 45.9, 0, 0 } };
    struct cell ranks[] = { { "\"rank\":1", 0.62, 0, 0 },
                            { "\"rank\":4", 0.66, 0, 0 },
                            { "\"rank\":64", 0.66, 0, 0 },
                            { "\"rank\":256", 0.69, 0, 0 } };

    ck_assert_int_eq(verdict_of(with_texts("e2e_methods", "bleu", e2e, 6), "e2e_not_worse_ft"),
                     HOLDS);
    ck_assert_int_eq(verdict_of(with_texts("e2e_methods", "bleu", e2e, 6), "e2e_better_others"),
                     HOLDS);
    e2e[1].mean = 0.68;
    ck_assert_int_eq(verdict_of(with_texts("e2e_methods", "bleu", e2e, 6), "e2e_not_worse_ft"),
                     FAILS);
    ck_assert_int_eq(verdict_of(with_texts("dart", "dart_bleu", dart, 2), "dart_not_worse_ft"),
                     HOLDS);
    ck_assert_int_eq(verdict_of(with_texts("dart", "dart_bleu", dart, 2), "dart_better_others"),
                     UNDECIDED);
    ck_assert_int_eq(verdict_of(with_texts("e2e_rank", "bleu", ranks, 4), "e2e_rank_four"), HOLDS);
    ck_assert_int_eq(verdict_of(with_texts("e2e_rank", "bleu", ranks, 4), "e2e_rank_low"), FAILS);
}
END_TEST

/* All examples of a split, scored by 'lowrank reevaluate': the first RIGHT of 200 are answered
 * right, by a run of each rank; these runs are those with the numbers FROM to 6. */
static void plant_evaluations(const char *split, const char *adapter, int from, int right_1,
                              int right_64)
{
    char *sql = xprintf(
        "INSERT INTO evaluation(run_id, adapter, split, n, examples, sha256, at)"
        " SELECT run_id, '%s', '%s', 0, 200, hex(zeroblob(32)), 0 FROM run WHERE run_id >= %d;"
        "INSERT INTO evaluation_prediction WITH RECURSIVE x(i) AS (VALUES (1) UNION ALL"
        " SELECT i + 1 FROM x WHERE i < 200) SELECT evaluation_id, i, i %% 2,"
        " iif(i <= iif(rank = 1, %d, %d) + seed %% 2, i %% 2, 1 - i %% 2)"
        " FROM evaluation e JOIN run USING(run_id) CROSS JOIN x"
        " WHERE e.split = '%s' AND e.adapter = '%s';"
        "INSERT INTO evaluation_value SELECT evaluation_id, (SELECT metric_id FROM metric_name"
        " WHERE name = 'accuracy'), 1, avg(label = output), NULL FROM evaluation_prediction"
        " WHERE evaluation_id NOT IN (SELECT evaluation_id FROM evaluation_value) GROUP BY 1",
        adapter, split, from, right_1, right_64, split, adapter);

    kit_sql(kit_path("t.db"), sql);
    free(sql);
}

/* Numbers of 'lowrank reevaluate' on all of a split count once both sides of every unit have them,
 * of the same file: test before dev, and on dev only of the parameters that dev did not choose. */
START_TEST(reevaluated_numbers_come_first)
{
    const char *lines = "kind: better\nmargin: 0.01\nwith: {a: {rank: 1}, b: {rank: 64}}\n";
    struct cell cell[] = { { "\"rank\":1", 0, 0, 900 }, { "\"rank\":64", 0, 0, 700 } };
    struct store *s = planted("rank", "accuracy", cell, 2, 3, 0);

    plant_evaluations("dev", "chosen", 1, 100, 180);
    judge_one(s, lines, HOLDS, NULL);
    s = planted("rank", "accuracy", cell, 2, 3, 0);
    plant_evaluations("test", "chosen", 2, 100, 180);
    judge_one(s, lines, HOLDS, NULL); /* one run lacks it */
    s = planted("rank", "accuracy", cell, 2, 3, 0);
    plant_evaluations("test", "chosen", 1, 100, 180);
    kit_sql(kit_path("t.db"), "UPDATE evaluation SET sha256 = replace(sha256, '0', 'a')"
                              " WHERE run_id = 1");
    judge_one(s, lines, HOLDS, NULL); /* of another file */
    s = planted("rank", "accuracy", cell, 2, 3, 0);
    plant_evaluations("dev", "last", 1, 100, 180);
    judge_one(s, lines, FAILS, NULL);
    s = planted("rank", "accuracy", cell, 2, 3, 0);
    plant_evaluations("dev", "last", 1, 180, 100);
    plant_evaluations("test", "last", 1, 100, 180);
    struct claims c = judged(s, &lines, 1);
    ck_assert_int_eq(c.row[0].verdict, FAILS);
    ck_assert_str_eq(c.row[0].metric, "reevaluated test (last) accuracy");
    ck_assert_int_eq(c.row[0].part[0].n_examples, 200);
    ck_assert(!c.row[0].part[0].mismatch);
    ck_assert_double_eq_tol(c.row[0].part[0].d.mean, -0.4, 1e-12);
    claims_free(&c);
    plant_evaluations("test", "chosen", 1, 120, 180);
    c = judged(s, &lines, 1);
    ck_assert_str_eq(c.row[0].metric, "reevaluated test accuracy");
    ck_assert_double_eq_tol(c.row[0].part[0].d.mean, -0.3, 1e-12);
    claims_free(&c);
    store_close(s);
}
END_TEST

/* A look at numbers of the runs is no look at those of a re-evaluation. */
START_TEST(reevaluation_has_its_own_looks)
{
    const char *lines = "kind: better\nmargin: 0.01\nwith: {a: {rank: 1}, b: {rank: 64}}\n";
    struct cell cell[] = { { "\"rank\":1", 0, 0, 900 }, { "\"rank\":64", 0, 0, 700 } };
    struct store *s = planted("rank", "accuracy", cell, 2, 3, 0);
    struct claims c = judged(s, &lines, 1);

    ck_assert_int_eq(claims_looks_record(&c, NULL, kit_path("t.db")), 0);
    claims_free(&c);
    plant_evaluations("test", "chosen", 1, 100, 180);
    c = judged(s, &lines, 1);
    ck_assert(!c.row[0].reversed);
    ck_assert_int_eq(c.row[0].verdict, FAILS);
    ck_assert_int_eq(claims_looks_record(&c, NULL, kit_path("t.db")), 0);
    claims_free(&c);
    struct rows r;
    ck_assert_int_eq(query_rows(s, &r, "SELECT test FROM look", NULL), 0);
    ck_assert_int_eq(r.n_rows, 2);
    rows_free(&r);
    store_close(s);
}
END_TEST

/* The best rate falls with alpha, rises with it, or does not depend on it. */
START_TEST(where_the_optimum_lies)
{
    static const int best[3][4] = { { 3, 2, 1, 0 }, { 0, 1, 2, 3 }, { 1, 1, 1, 1 } };
    /* No direction: rho is 0 in every seed, and three seeds of one sign prove nothing. */
    static const enum verdict want[3] = { HOLDS, FAILS, UNDECIDED };
    const char *lines = "kind: correlation\nbound: -0.5\nplanned: 3\nlooks: 1\nquery: "
                        "optimum\nwith: {x: alpha, y: lr}\n";
    struct cell cell[16];
    char keys[4][32];

    for (int a = 0; a < 4; a++)
        for (int l = 0; l < 4; l++) {
            snprintf(keys[a], sizeof keys[a], "\"alpha\":%d", 1 << a);
            cell[4 * a + l] =
                (struct cell){ keys[a], best[_i][a] == l ? 0.9 : 0.7, 1e-3 * (1 << l), 0 };
        }
    struct store *s = planted("rank", "accuracy", cell, 16, 3, 0);
    if (_i < 2) /* one seed has another optimum for one value of alpha */
        kit_sql(kit_path("t.db"),
                "UPDATE result SET value = 0.95 WHERE run_id = (SELECT run_id FROM"
                " run WHERE seed = 1 AND alpha = 4 AND lr < 0.0015)");
    judge_one(s, lines, want[_i], NULL);
    judge_one(planted("rank", "accuracy", cell, 16, 2, 0), lines, UNDECIDED, "of 3 seeds");
}
END_TEST

/* The vertex of a parabola through the best rate and its neighbors. Three rates are too coarse. */
START_TEST(an_optimum_is_fitted)
{
    struct cell cell[8];
    static const double mean[2][4] = { { 0.7, 0.9, 0.8, 0.7 }, { 0.7, 0.8, 0.9, 0.7 } };
    struct rows r;

    for (int k = 0; k < 8; k++)
        cell[k] = (struct cell){ k < 4 ? "\"alpha\":1" : "\"alpha\":2", mean[k / 4][k % 4],
                                 1e-3 * (1 << k % 4), 0 };
    struct store *s = planted("rank", "accuracy", cell, 8, 1, 0);
    const char *const params[] = { "study", "rank", "x", "alpha", "y", "lr", NULL };
    kit_sql(kit_path("t.db"), "UPDATE result SET value = round(value, 2)");
    ck_assert_int_eq(query_named(s, &r, "claim_optimum", params), 0);
    ck_assert_int_eq(r.n_rows, 2);
    /* on the scale log2(lr / 0.002): (-1, -0.2), (0, 0), (1, -0.1) has its vertex at 1/6 */
    ck_assert_double_eq_tol(atof(rows_get(&r, 0, "value")), 0.002 * exp2(1 / 6.0), 1e-9);
    ck_assert_double_eq_tol(atof(rows_get(&r, 1, "value")), 0.004 * exp2(-1 / 6.0), 1e-9);
    ck_assert_str_eq(rows_get(&r, 0, "grid"), "4");
    rows_free(&r);
    store_close(s);
    judge_one(planted("rank", "accuracy", cell, 7, 3, 0),
              "kind: correlation\nbound: -0.5\nquery: optimum\nwith: {x: alpha, y: lr}\n",
              UNDECIDED, "an optimum among 3 values is too coarse to rank");
}
END_TEST

/* The numbers of an analysis of three runs of each rank. */
static struct store *with_amplify(void)
{
    struct cell cell[] = { { "\"rank\":4", 0.8, 0, 0 }, { "\"rank\":64", 0.8, 0, 0 } };
    struct store *s = planted("rank", "accuracy", cell, 2, 3, 0);

    kit_sql(kit_path("t.db"),
            "INSERT INTO analysed VALUES(1, 'rank', 'amplify', '', 1);"
            " INSERT INTO analysis_value(set_id, run_a, run_b, layer, proj, i, j, name, value)"
            " SELECT 1, run_id, 0, l.value, p.value, 0, 0, n.key,"
            " n.value * rank * (1 + 0.001 * (seed - 2)) + 0.01 * l.value"
            " FROM run, json_each('[0,1,2]') l, json_each('[\"q\",\"v\"]') p,"
            " json_each('{\"proj_dw\":0.3,\"proj_random\":0.02,\"proj_w\":3}') n");
    return s;
}

#define AMPLIFY "query: analysis\nwith: {kind: amplify, matrix: q, "
START_TEST(numbers_of_an_analysis)
{
    const char *within = "kind: better\nmargin: 0.01\nparts: 2\n" AMPLIFY
                         "a: {name: proj_dw}, b: {name: proj_random}, match: [rank]}\n";
    const char *between =
        "kind: better\nmargin: 0.01\n" AMPLIFY "a: {name: proj_dw}, b: {name: proj_dw}, "
        "pick_a: largest, pick_b: smallest}\n";
    const char *back =
        "kind: better\nmargin: 0.01\n" AMPLIFY "a: {name: proj_dw}, b: {name: proj_dw}, "
        "pick_a: smallest, pick_b: largest}\n";
    const char *bound =
        "kind: below\nbound: 0.5\nparts: 2\n" AMPLIFY "a: {name: proj_dw}, over: proj_w}\n";
    const char *const all[] = { within, between, back, bound };
    const char *nothing =
        "kind: better\nmargin: 0.01\nmake: lowrank ablate amplify\n" AMPLIFY "a: {name: none}}";

    struct store *s = with_amplify();
    struct claims c = judged(s, all, 4);
    ck_assert_int_eq(c.n_rows, 4);
    ck_assert_int_eq(c.row[0].n_parts, 2);
    ck_assert_str_eq(c.row[0].part[0].label, "q: proj_dw r=4 against proj_random r=4");
    ck_assert_double_eq_tol(c.row[0].part[0].d.mean, 0.28 * 4, 1e-9);
    ck_assert_str_eq(c.row[1].part[0].label, "q: proj_dw r=64 against proj_dw r=4");
    ck_assert(c.row[0].verdict == HOLDS && c.row[1].verdict == HOLDS && c.row[2].verdict == FAILS);
    ck_assert_int_eq(c.row[3].n_parts, 2);
    ck_assert_str_eq(c.row[3].part[1].label, "q: proj_dw / proj_w r=64");
    ck_assert_double_eq_tol(c.row[3].part[1].a.mean, 0.1, 1e-3);
    ck_assert_int_eq(c.row[3].verdict, HOLDS);
    claims_free(&c);
    judge_one(s, nothing, UNDECIDED,
              "study 'rank' has nothing to compare yet: lowrank ablate amplify");
}
END_TEST

/* Products of several numbers, of both matrices; no value where one of them is missing. */
START_TEST(numbers_of_both_matrices)
{
    const char *lines =
        "kind: below\nbound: 1\nparts: 4\nquery: analysis\nwith: {kind: amplify, matrix: \"q,v\", "
        "a: {name: proj_dw}, times: proj_dw, over: [proj_random, proj_w]}\n";
    struct store *s = with_amplify();
    struct claims c = judged(s, &lines, 1);

    ck_assert_int_eq(c.row[0].n_parts, 4);
    ck_assert_str_eq(c.row[0].part[3].label, "v: proj_dw x proj_dw / proj_random / proj_w r=64");
    ck_assert_double_eq_tol(c.row[0].part[3].a.mean, 0.3 * 0.3 / 0.02 / 3, 0.02);
    ck_assert_int_eq(c.row[0].verdict, FAILS);
    claims_free(&c);
    kit_sql(kit_path("t.db"),
            "DELETE FROM analysis_value WHERE name = 'proj_random' AND proj = 'v'");
    judge_one(s, lines, UNDECIDED, "0 of 3 seeds (v: proj_dw");
}
END_TEST

/* A ratio that random directions have as well is not a finding: 0.3/0.02 at either rank. */
START_TEST(numbers_against_random_ones)
{
    const char *lines = "kind: equal\nmargin: 0.1\n" AMPLIFY
                        "a: {name: proj_dw}, b: {name: proj_dw}, pick_a: smallest, pick_b: "
                        "largest, times: proj_w, over: proj_random}\n";
    struct store *s = with_amplify();

    kit_sql(kit_path("t.db"), "UPDATE analysis_value SET value = 1 + value / 1e6 WHERE name = "
                              "'proj_w'; UPDATE analysis_value SET value = (SELECT rank FROM run "
                              "WHERE run_id = run_a) * iif(name = 'proj_dw', 15, 1)"
                              " WHERE name <> 'proj_w'");
    struct claims c = judged(s, &lines, 1);
    ck_assert_str_eq(c.row[0].part[0].label, "q: proj_dw x proj_w / proj_random r=4 against "
                                             "proj_dw x proj_w / proj_random r=64");
    ck_assert_double_eq_tol(c.row[0].part[0].b.mean, 15, 0.01);
    ck_assert_int_eq(c.row[0].verdict, HOLDS);
    claims_free(&c);
    store_close(s);
}
END_TEST

#define ROUNDS "query: latency\nunit: rounds\nmake: lowrank ablate latency\nwith: "
START_TEST(times_of_a_forward_pass)
{
    const char *const all[] = {
        "kind: equal\nmargin: 0.05\nplanned: 48\nparts: 6\n" ROUNDS "{of: merged}\n",
        "kind: above\nbound: 1\nparts: 3\n" ROUNDS "{of: adapter-h, batch: smallest}\n",
        "kind: above\nbound: 1\n" ROUNDS "{of: adapter-l, batch: smallest}\n",
    };
    struct store *s = kit_store();

    kit_sql(
        kit_path("t.db"),
        "INSERT INTO analysed VALUES(1, 'minilm', 'latency', '', 1);"
        " INSERT INTO analysis_value(set_id, run_a, run_b, layer, proj, i, j, name, value)"
        " SELECT 1, 0, n.value, -1, p.key, b.value, l.value, 'to_base_round',"
        " p.value + 0.001 * n.value"
        " FROM json_each('{\"base\":1,\"merged\":1.01,\"adapter-h\":1.3}') p, json_each('[1,8]')"
        " b, json_each('[16,64,128]') l, json_each('[1,2,3,4]') n");
    struct claims c = judged(s, all, 3);
    ck_assert_int_eq(c.n_rows, 3);
    ck_assert(c.row[0].verdict == HOLDS && c.row[1].verdict == HOLDS);
    ck_assert(c.row[0].n_parts == 6 && c.row[1].n_parts == 3);
    ck_assert_str_eq(c.row[1].model, "minilm");
    ck_assert_str_eq(c.row[1].part[2].label, "adapter-h over base, batch 1, length 128");
    ck_assert_int_eq(c.row[1].part[2].d.n, 4);
    ck_assert(c.row[2].verdict == UNDECIDED && strstr(c.row[2].why, "has nothing to compare yet"));
    claims_free(&c);
    /* one shape that fails makes the claim fail */
    kit_sql(kit_path("t.db"), "UPDATE analysis_value SET value = 1.2 * value"
                              " WHERE proj = 'merged' AND i = 8 AND j = 64");
    c = judged(s, all, 1);
    ck_assert_int_eq(c.row[0].verdict, FAILS);
    ck_assert_int_eq(c.row[0].part[c.row[0].decisive].d.n, 4);
    claims_free(&c);
    /* the command would repeat the same rounds, so it is not suggested */
    kit_sql(kit_path("t.db"), "UPDATE analysis_value SET value = 1.049 + 0.008 * (run_b % 2)"
                              " WHERE proj = 'merged'");
    c = judged(s, all, 1);
    ck_assert_ptr_nonnull(strstr(c.row[0].why, "rounds would probably decide"));
    ck_assert_ptr_null(strstr(c.row[0].why, "lowrank"));
    claims_free(&c);
    store_close(s);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, phi_above_a_bound_and_the_floor);
    tcase_add_test(tc, claims_of_runs_that_are_apart);
    tcase_add_test(tc, scores_of_texts);
    tcase_add_test(tc, reevaluated_numbers_come_first);
    tcase_add_test(tc, reevaluation_has_its_own_looks);
    tcase_add_loop_test(tc, where_the_optimum_lies, 0, 3);
    tcase_add_test(tc, an_optimum_is_fitted);
    tcase_add_test(tc, numbers_of_an_analysis);
    tcase_add_test(tc, numbers_of_both_matrices);
    tcase_add_test(tc, numbers_against_random_ones);
    tcase_add_test(tc, times_of_a_forward_pass);
}

const struct suite suite_claims_queries = { "claims_queries", fill };
