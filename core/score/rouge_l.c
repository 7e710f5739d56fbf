/* rouge_l.c - ROUGE-L (Lin 2004) of the COCO caption scripts: the F measure with beta 1.2 of the
 * best precision and the best recall of the longest common subsequence with a reference, which may
 * be those of two references. */
#include "core/score/lcs.h"
#include "core/score/score.h"

/* A text without words has one for the script, the empty word. */
static int count_of(const struct words *w, int i)
{
    return words_count(w, i) > 0 ? words_count(w, i) : 1;
}

static double rouge_l(const struct score_words *w, int i, int first, int last)
{
    const double beta = 1.2;
    int n = words_count(&w->hyp, i);
    double precision = 0, recall = 0;

    for (int r = first; r < last; r++) {
        int k = words_count(&w->ref, r);
        double lcs =
            n == 0 && k == 0 ? 1 : lcs_length(words_of(&w->hyp, i), n, words_of(&w->ref, r), k);
        if (lcs / count_of(&w->hyp, i) > precision)
            precision = lcs / count_of(&w->hyp, i);
        if (lcs / count_of(&w->ref, r) > recall)
            recall = lcs / count_of(&w->ref, r);
    }
    return precision > 0 && recall > 0
               ? (1 + beta * beta) * precision * recall / (recall + beta * beta * precision)
               : 0;
}

static int rouge_l_measure(struct score_job *job, double *stats, double *segment)
{
    const struct score_words *w = score_words(job, words_ptb);
    const struct score_texts *t = score_texts(job);

    for (int i = 0; i < t->n; i++) {
        segment[i] = rouge_l(w, i, t->first[i], t->first[i + 1]);
        stats[2 * i] = segment[i];
        stats[2 * i + 1] = 1;
    }
    return 0;
}

const struct score_kind score_kind_e2e_rouge_l = {
    .name = "e2e_rouge_l",
    .label = "ROUGE-L",
    .family = "e2e",
    .source = "the COCO caption scripts in e2e-metrics; the total is the mean",
    .order = 4,
    .decimals = 4,
    .n_stats = 2,
    .measure = rouge_l_measure,
    .total = score_mean,
};
