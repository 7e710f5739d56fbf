/* fuzz_score.c - text_files_read on any files, and every score that needs no tables. The parts are
 * the hypotheses and one or two files of references. Refused with status 3, or: every hypothesis
 * has a reference, no text has a line break, every score is a number for every segment and in all,
 * and the total is that of the sums of the statistics. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/score/score.h"
#include "experiments/score/scores.h"
#include "experiments/score/text_files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Times of some scores grow with the square of the words. */
enum { MOST_BYTES = 2000, MOST_SEGMENTS = 64 };

static void check_texts(const struct score_texts *t)
{
    CHECK(t->n > 0 && t->first[0] == 0, "%d segments", t->n);
    for (int i = 0; i < t->n; i++) {
        CHECK(t->first[i + 1] > t->first[i], "segment %d has no reference", i);
        CHECK(!strchr(t->hyp[i], '\n'), "a line break in '%s'", t->hyp[i]);
        for (int k = t->first[i]; k < t->first[i + 1]; k++)
            CHECK(*t->ref[k] && !strchr(t->ref[k], '\n'), "reference '%s'", t->ref[k]);
    }
}

static void check_score(struct score_job *job, const struct score_kind *k)
{
    double sum[SCORE_MOST_STATS] = { 0 };
    struct score_result r = { 0 };

    if (score_run(&r, job, k) != 0) {
        fuzz_refused(FUZZ_INPUT);
        return;
    }
    CHECK(isfinite(r.total), "%s is %g", k->name, r.total);
    for (int i = 0; i < r.n; i++) {
        CHECK(isfinite(r.segment[i]), "%s of segment %d is %g", k->name, i, r.segment[i]);
        for (int j = 0; j < k->n_stats; j++)
            sum[j] += r.stats[(size_t)i * (size_t)k->n_stats + (size_t)j];
    }
    double again = k->total(sum);
    CHECK(fabs(again - r.total) <= 1e-9 * (1 + fabs(r.total)), "%s: %g and %g", k->name, r.total,
          again);
    score_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes b = fuzz_begin(data, size < MOST_BYTES ? size : MOST_BYTES);
    char *path[3];
    struct text_files t;
    int n = 0;

    while (n < 3 && (n < 2 || b.size > 0)) {
        static const char *const name[] = { "hyp", "ref", "ref2" };
        struct fuzz_bytes part = fuzz_part(&b);
        /* fuzz_put removes a file without bytes; a line break stands for an empty file. */
        struct fuzz_bytes line = { (const uint8_t *)"\n", 1 };
        path[n] = xstrdup(fuzz_put(name[n], part.size ? part : line));
        n++;
    }
    if (text_files_read(&t, path[0], path + 1, n - 1) == 0) {
        check_texts(&t.texts);
        struct score_job *job = t.texts.n <= MOST_SEGMENTS ? score_open(&t.texts, NULL) : NULL;
        for (int i = 0; job && score_kind_table[i]; i++)
            if (!scores_is_meteor(score_kind_table[i]))
                check_score(job, score_kind_table[i]);
        score_close(job);
        text_files_free(&t);
    } else {
        fuzz_refused(FUZZ_INPUT);
    }
    for (int i = 0; i < n; i++)
        free(path[i]);
    fuzz_end();
    return 0;
}
