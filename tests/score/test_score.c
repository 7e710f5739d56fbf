/* test_score.c - scores of generated texts against the programs that define them. */
#include "core/meteor/meteor.h"
#include "core/opt/home.h"
#include "core/os/file.h"
#include "tests/kit/texts.h"
#include "tests/kit/suite.h" /* last, because check.h defines a macro "fail" */

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What e2e-metrics printed for the shared texts, or NULL after skip(). */
static struct score_job *shared_job(struct texts *x, struct tsv *segments)
{
    char *dir = shared_path("golden/metrics") ? xstrdup(shared_path("golden/metrics")) : NULL;

    if (!dir) {
        skip("e2e-metrics' values: no shared golden data");
        return NULL;
    }
    char *hyp = xprintf("%s/hyp.txt", dir), *ref = xprintf("%s/refs.txt", dir),
         *tsv = xprintf("%s/segments.tsv", dir);
    texts_load(x, hyp, ref);
    tsv_load(segments, tsv);
    free(hyp);
    free(ref);
    free(tsv);
    free(dir);
    return score_open(&x->t, NULL);
}

/* Is the score of every segment, and the total, what was printed with four decimals? */
static void agrees(struct score_job *job, const struct tsv *segments, const char *name, int col,
                   const char *total)
{
    struct score_result r;
    char got[32];

    ck_assert_int_eq(score_run(&r, job, score_find(name)), 0);
    for (int i = 0; i < r.n; i++) {
        snprintf(got, sizeof got, "%.4f", r.segment[i]);
        ck_assert_msg(strcmp(got, segments->row[i + 1][col]) == 0, "%s of segment %d: %s, not %s",
                      name, i + 1, got, segments->row[i + 1][col]);
    }
    snprintf(got, sizeof got, "%.4f", r.total);
    if (total)
        ck_assert_str_eq(got, total);
    score_free(&r);
}

START_TEST(e2e_metrics)
{
    struct texts x;
    struct tsv s;
    struct score_job *job = shared_job(&x, &s);

    if (!job)
        return;
    ck_assert_int_eq(s.n_rows, x.t.n + 1);
    agrees(job, &s, "e2e_bleu", 2, "0.4637");
    agrees(job, &s, "e2e_sentbleu", 3, NULL);
    agrees(job, &s, "e2e_nist", 4, "7.3094");
    agrees(job, &s, "e2e_rouge_l", 6, "0.5410");
    agrees(job, &s, "e2e_cider", 7, "1.3709");
    score_close(job);
    texts_free(&x);
    tsv_free(&s);
}
END_TEST

/* The tables of METEOR in HOME/models/meteor, or NULL after skip(). */
static struct meteor *tables(void)
{
    char *models = home_path(NULL, "models"), *dir = xprintf("%s/meteor", models);
    struct meteor *m = NULL;

    if (file_in(dir, "meteor-1.5.jar"))
        ck_assert_int_eq(meteor_open(&m, dir), 0);
    else
        skip("METEOR's tables: not fetched");
    free(dir);
    free(models);
    return m;
}

static int column_of(const struct tsv *t, const char *name)
{
    for (int c = 0; c < t->n_cols; c++)
        if (strcmp(t->row[0][c], name) == 0)
            return c;
    return -1;
}

/* Every segment and the total of our own texts, to six decimals. */
static void check_golden(struct score_job *job, const char *name)
{
    struct tsv segments, totals;
    struct score_result r;
    bool seen = false;

    tsv_load(&segments, "tests/golden/score/segments.tsv");
    tsv_load(&totals, "tests/golden/score/totals.tsv");
    ck_assert_int_eq(score_run(&r, job, score_find(name)), 0);
    int col = column_of(&segments, name);
    ck_assert_msg(col >= 0, "no golden values of %s", name);
    for (int i = 0; i < r.n; i++)
        ck_assert_msg(fabs(r.segment[i] - atof(segments.row[i + 1][col])) < 1e-6,
                      "%s of segment %d: %.6f, not %s", name, i + 1, r.segment[i],
                      segments.row[i + 1][col]);
    for (int i = 0; i < totals.n_rows; i++)
        if (strcmp(totals.row[i][0], name) == 0) {
            seen = true;
            ck_assert_msg(fabs(r.total - atof(totals.row[i][1])) < 1e-6, "%s: %.6f, not %s", name,
                          r.total, totals.row[i][1]);
        }
    ck_assert(seen || strcmp(name, "e2e_sentbleu") == 0);
    score_free(&r);
    tsv_free(&segments);
    tsv_free(&totals);
}

START_TEST(own_texts)
{
    static const char *const names[] = { "e2e_bleu",        "e2e_sentbleu", "e2e_nist",
                                         "e2e_rouge_l",     "e2e_cider",    "sacre_bleu",
                                         "sacre_bleu_none", "sacre_chrf",   "sacre_ter",
                                         "sacre_ter_norm",  "rouge1",       "rouge2",
                                         "rougel",          "rouge1_stem",  "rouge2_stem",
                                         "rougel_stem" };
    struct texts x;

    texts_load(&x, "tests/golden/score/hyp.txt", "tests/golden/score/refs.txt");
    struct score_job *job = score_open(&x.t, NULL);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        check_golden(job, names[i]);
    score_close(job);
    texts_free(&x);
}
END_TEST

START_TEST(meteor_of_own_texts)
{
    struct meteor *m = tables();
    struct texts x;

    if (!m)
        return;
    texts_load(&x, "tests/golden/score/hyp.txt", "tests/golden/score/refs.txt");
    struct score_job *job = score_open(&x.t, m);
    check_golden(job, "e2e_meteor");
    check_golden(job, "webnlg_meteor");
    score_close(job);
    texts_free(&x);
    meteor_close(m);
}
END_TEST

START_TEST(meteor_of_e2e_metrics)
{
    struct meteor *m = tables();
    struct texts x;
    struct tsv s;
    struct score_job *job = m ? shared_job(&x, &s) : NULL;

    if (job) {
        score_close(job);
        job = score_open(&x.t, m);
        agrees(job, &s, "e2e_meteor", 5, "0.3704");
        score_close(job);
        texts_free(&x);
        tsv_free(&s);
    }
    meteor_close(m);
}
END_TEST

/* Without its tables METEOR has another name, and says what is missing. */
START_TEST(meteor_without_tables)
{
    const char *hyp[] = { "a big dog ran" }, *ref[] = { "a large dog was running" };
    int first[] = { 0, 1 };
    struct score_texts t = { 1, hyp, ref, first };
    struct meteor *m;
    struct score_result r;

    if (!file_in("/usr/share/wordnet", "index.noun")) {
        skip("WordNet is not installed");
        return;
    }
    unsetenv("WNSEARCHDIR");
    ck_assert_int_eq(meteor_open(&m, "/nonexistent"), 0);
    struct score_job *job = score_open(&t, m);
    ck_assert_int_eq(score_run(&r, job, score_find("e2e_meteor")), 0);
    ck_assert_str_eq(r.name, "e2e_meteor_partial");
    ck_assert(strstr(r.missing, "paraphrases") && strstr(r.missing, "function words"));
    /* a, big ~ large (synonyms), dog, ran ~ running (forms of run): 2 + 0.8 + 0.8 of 4 and 5 */
    double p = 3.6 / 4, q = 3.6 / 5, f = 1 / (0.15 / p + 0.85 / q);
    ck_assert_double_eq_tol(r.total, f * (1 - 0.6 * pow(2.0 / 4, 0.2)), 1e-9);
    score_free(&r);
    score_close(job);
    meteor_close(m);
    setenv("WNSEARCHDIR", "/nonexistent", 1);
    ck_assert_int_eq(meteor_open(&m, "/nonexistent"), -1);
    ck_assert_int_eq(fail_code(), FAIL_TOOL);
    ck_assert(strstr(fail_text(), "WordNet"));
}
END_TEST

/* Texts for which programs divide by zero have numbers here. */
START_TEST(strange_texts)
{
    const char *hyp[] = { "", " \t ", "\xFF\xFE", "a", "?!?!", "\xF0\x9F\x98\x80", "b" };
    const char *ref[] = { "a b", "", "x", "a", "?!?!", "\xF0\x9F\x98\x80", "", "b" };
    int first[] = { 0, 1, 2, 3, 4, 5, 6, 8 };
    struct score_texts t = { 7, hyp, ref, first };
    struct score_result r;

    for (const struct score_kind *const *k = score_kind_table; *k; k++) {
        struct score_job *job = score_open(&t, NULL);
        if (strcmp((*k)->label, "METEOR") == 0) {
            ck_assert_int_eq(score_run(&r, job, *k), -1);
            ck_assert_int_eq(fail_code(), FAIL_TOOL);
        } else {
            ck_assert_int_eq(score_run(&r, job, *k), 0);
            ck_assert_msg(isfinite(r.total), "%s: %g", (*k)->name, r.total);
            for (int i = 0; i < t.n; i++)
                ck_assert_msg(isfinite(r.segment[i]), "%s of segment %d: %g", (*k)->name, i + 1,
                              r.segment[i]);
            score_free(&r);
        }
        score_close(job);
    }
}
END_TEST

START_TEST(refuses)
{
    char *longest = xalloc(SCORE_MOST_BYTES + 2, 1);
    const char *hyp[] = { "a" }, *ref[] = { "a" };
    int none[] = { 0, 0 }, one[] = { 0, 1 };
    struct score_texts t = { 0, hyp, ref, one };

    ck_assert_ptr_null(score_open(&t, NULL));
    ck_assert(strstr(fail_text(), "no hypotheses"));
    t.n = 1;
    t.first = none;
    ck_assert_ptr_null(score_open(&t, NULL));
    ck_assert_str_eq(fail_text(), "hypothesis 1 has no reference");
    memset(longest, 'a', SCORE_MOST_BYTES + 1);
    t.first = one;
    hyp[0] = longest;
    ck_assert_ptr_null(score_open(&t, NULL));
    ck_assert(strstr(fail_text(), "at most 65536"));
    free(longest);
}
END_TEST

/* Which queries are the same, and which are not. */
START_TEST(logical_forms)
{
    static const struct {
        const char *hyp, *ref;
        int same;
    } c[] = {
        { "SELECT Name FROM table WHERE Age > 3 AND City = 'Rome'",
          "select name from t where city=rome and age>3;", 1 },
        { "SELECT COUNT (Name) FROM table", "SELECT COUNT(Name) FROM table", 1 },
        { "SELECT Name FROM table WHERE Age > 3", "SELECT Name FROM table WHERE Age < 3", 0 },
        { "SELECT Name FROM table WHERE Age > 3", "SELECT Name FROM table", 0 },
        { "SELECT MAX Age FROM table", "SELECT Age FROM table", 0 },
        { "{\"sel\": 3, \"agg\": 0, \"conds\": [[5, 0, \"X\"], [1, 2, \"b\"]]}",
          "{\"agg\":0,\"sel\":3,\"conds\":[[1,2,\"B\"],[5,0,\"x\"]]}", 1 },
        { "{\"sel\": 3, \"agg\": 0, \"conds\": []}", "{\"sel\": 3, \"agg\": 1, \"conds\": []}", 0 },
        { "", "SELECT Name FROM table", 0 },
    };
    int first[] = { 0, 1 };
    struct score_result r;

    for (size_t i = 0; i < ARRAY_LEN(c); i++) {
        struct score_texts t = { 1, &c[i].hyp, &c[i].ref, first };
        struct score_job *job = score_open(&t, NULL);
        ck_assert_int_eq(score_run(&r, job, score_find("logical_form")), 0);
        ck_assert_msg(r.total == c[i].same, "'%s' and '%s': %g", c[i].hyp, c[i].ref, r.total);
        score_free(&r);
        score_close(job);
    }
}
END_TEST

START_TEST(families)
{
    const struct score_kind **e2e = score_family("e2e");
    static const char *const names[] = { "e2e_bleu", "e2e_nist", "e2e_meteor", "e2e_rouge_l",
                                         "e2e_cider" };

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        ck_assert_str_eq(e2e[i]->name, names[i]);
    ck_assert_ptr_null(e2e[ARRAY_LEN(names)]);
    free(e2e);
    ck_assert_ptr_null(score_family("nothing"));
}
END_TEST

static void fill(TCase *tc)
{
    tcase_set_timeout(tc, 120); /* the first use of METEOR's tables makes an index */
    tcase_add_test(tc, e2e_metrics);
    tcase_add_test(tc, own_texts);
    tcase_add_test(tc, meteor_of_own_texts);
    tcase_add_test(tc, meteor_of_e2e_metrics);
    tcase_add_test(tc, meteor_without_tables);
    tcase_add_test(tc, strange_texts);
    tcase_add_test(tc, refuses);
    tcase_add_test(tc, logical_forms);
    tcase_add_test(tc, families);
}

const struct suite suite_score = { "score", fill };
