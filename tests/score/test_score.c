/* test_score.c - scores of generated texts against the programs that define them. */
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

static void fill(TCase *tc)
{
    tcase_add_test(tc, e2e_metrics);
}

const struct suite suite_score = { "score", fill };
