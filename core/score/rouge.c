/* rouge.c - ROUGE-1, -2, and -L (Lin 2004) as the rouge-score package computes them: the F measure
 * of common n-grams, or of the longest common subsequence, of words of a-z and 0-9 in lower case;
 * of several references the best. The total is the mean over segments. */
#include "core/score/lcs.h"
#include "core/score/score.h"
#include "core/words/ngrams.h"

#include <math.h>

static double f_measure(double common, double hyp, double ref)
{
    double p = common / fmax(hyp, 1), r = common / fmax(ref, 1);

    return p + r > 0 ? 2 * p * r / (p + r) : 0;
}

/* ORDER 0: the longest common subsequence. */
static int measure(struct score_job *job, words_fn *tokenizer, int order, double *stats,
                   double *segment)
{
    const struct score_words *w = score_words(job, tokenizer);
    const struct score_texts *t = score_texts(job);
    struct ngrams grams = { 0 };
    struct ngram_match m;

    for (int i = 0; i < t->n; i++) {
        const int *hyp = words_of(&w->hyp, i);
        int n = words_count(&w->hyp, i);
        segment[i] = 0;
        for (int r = t->first[i]; r < t->first[i + 1]; r++) {
            int k = words_count(&w->ref, r);
            double f;
            if (order == 0) {
                f = f_measure(lcs_length(hyp, n, words_of(&w->ref, r), k), n, k);
            } else {
                ngrams_match(&m, &grams, hyp, n, &w->ref, r, r + 1, order, NULL, NULL);
                f = f_measure(m.match[order], m.hyp[order], k - order + 1);
            }
            segment[i] = fmax(segment[i], f);
        }
        stats[2 * i] = segment[i];
        stats[2 * i + 1] = 1;
    }
    ngrams_free(&grams);
    return 0;
}

#define MEASURE(NAME, TOKENIZER, ORDER)                                                            \
    static int NAME(struct score_job *job, double *stats, double *segment)                         \
    {                                                                                              \
        return measure(job, TOKENIZER, ORDER, stats, segment);                                     \
    }
MEASURE(measure_1, words_rouge, 1)
MEASURE(measure_2, words_rouge, 2)
MEASURE(measure_l, words_rouge, 0)
MEASURE(measure_1_stem, words_rouge_stem, 1)
MEASURE(measure_2_stem, words_rouge_stem, 2)
MEASURE(measure_l_stem, words_rouge_stem, 0)

#define KIND(NAME, LABEL, SOURCE, ORDER, MEASURE)                                                  \
    {                                                                                              \
        .name = NAME, .label = LABEL, .family = "rouge", .source = SOURCE, .order = ORDER,         \
        .decimals = 4, .n_stats = 2, .measure = MEASURE, .total = score_mean                       \
    }
const struct score_kind score_kind_rouge1 =
    KIND("rouge1", "ROUGE-1", "rouge-score, no stemming", 1, measure_1);
const struct score_kind score_kind_rouge2 =
    KIND("rouge2", "ROUGE-2", "rouge-score, no stemming", 2, measure_2);
const struct score_kind score_kind_rougel =
    KIND("rougel", "ROUGE-L", "rouge-score, no stemming", 3, measure_l);
const struct score_kind score_kind_rouge1_stem =
    KIND("rouge1_stem", "ROUGE-1, stems", "rouge-score with stemming", 4, measure_1_stem);
const struct score_kind score_kind_rouge2_stem =
    KIND("rouge2_stem", "ROUGE-2, stems", "rouge-score with stemming", 5, measure_2_stem);
const struct score_kind score_kind_rougel_stem =
    KIND("rougel_stem", "ROUGE-L, stems", "rouge-score with stemming", 6, measure_l_stem);
