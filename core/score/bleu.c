/* bleu.c - BLEU (Papineni et al. 2002) as five programs compute it. They share the counts: clipped
 * matches and numbers of 1- to 4-grams, the length of the hypotheses, and that of the references
 * closest to them in length. They differ in the words and in what becomes of a count of zero. */
#include "core/words/ngrams.h"
#include "core/score/score.h"

#include <math.h>

enum { ORDERS = 4, MATCH = 0, TOTAL = ORDERS, HYP = 2 * ORDERS, REF, STATS };

/* For each segment: its counts in STATS if that is not NULL, and the score of the counts by ONE. */
static void count_segments(struct score_job *job, words_fn *tokenizer, double *stats,
                           double *segment, double (*one)(const double *))
{
    const struct score_words *w = score_words(job, tokenizer);
    const struct score_texts *t = score_texts(job);
    struct ngrams grams = { 0 };
    struct ngram_match m;

    for (int i = 0; i < t->n; i++) {
        double own[STATS], *s = stats ? stats + (size_t)i * STATS : own;
        int n = words_count(&w->hyp, i);
        ngrams_match(&m, &grams, words_of(&w->hyp, i), n, &w->ref, t->first[i], t->first[i + 1],
                     ORDERS, NULL, NULL);
        for (int o = 0; o < ORDERS; o++) {
            s[MATCH + o] = m.match[o + 1];
            s[TOTAL + o] = m.hyp[o + 1];
        }
        s[HYP] = n;
        s[REF] = ngrams_closest(&w->ref, t->first[i], t->first[i + 1], n);
        if (one)
            segment[i] = one(s);
    }
    ngrams_free(&grams);
}

/* --- mteval-v13a.pl: the k-th count of zero is 2^-k. e2e-metrics */

static double mteval_total(const double *s)
{
    double sum = 0, smooth = 1;

    if (s[TOTAL] == 0)
        return 0;
    for (int o = 0; o < ORDERS; o++) {
        if (s[TOTAL + o] == 0)
            continue;
        if (s[MATCH + o] == 0)
            sum += log(1 / ((smooth *= 2) * s[TOTAL + o]));
        else
            sum += log(s[MATCH + o] / s[TOTAL + o]);
    }
    return exp(sum / ORDERS) * exp(fmin(0, 1 - s[REF] / s[HYP]));
}

/* The Python version of e2e-metrics, which reports segments: ADD is added to the counts, and zeros
 * become tiny numbers. A hypothesis of n words has n + 1 - o n-grams of order o, even when that is
 * negative. */
static double python_bleu(const double *s, double add)
{
    double sum = 0, bp = 1;

    for (int o = 0; o < ORDERS; o++)
        sum += log(fmax(s[MATCH + o] + add, 1e-15) / fmax(s[HYP] - o + add, 1e-9));
    if (s[HYP] <= s[REF])
        bp = exp(1 - s[REF] / (s[HYP] > 0 ? s[HYP] : 1e-5));
    return bp * exp(sum / ORDERS);
}

static double python_segment(const double *s)
{
    return python_bleu(s, 0);
}

static double python_sentence(const double *s)
{
    return python_bleu(s, 1);
}

static int e2e_measure(struct score_job *job, double *stats, double *segment)
{
    count_segments(job, words_mteval, stats, segment, NULL);
    count_segments(job, words_mteval_py, NULL, segment, python_segment);
    return 0;
}

const struct score_kind score_kind_e2e_bleu = {
    .name = "e2e_bleu",
    .label = "BLEU",
    .family = "e2e",
    .source = "mteval-v13a.pl in e2e-metrics; a segment's value is that of its pymteval.py",
    .order = 1,
    .decimals = 4,
    .n_stats = STATS,
    .measure = e2e_measure,
    .total = mteval_total,
};

static int sentence_measure(struct score_job *job, double *stats, double *segment)
{
    count_segments(job, words_mteval_py, NULL, segment, python_sentence);
    for (int i = 0; i < score_texts(job)->n; i++) {
        stats[2 * i] = segment[i];
        stats[2 * i + 1] = 1;
    }
    return 0;
}

const struct score_kind score_kind_e2e_sentbleu = {
    .name = "e2e_sentbleu",
    .label = "sentBLEU",
    .family = "e2e_segments",
    .source =
        "BLEU of single segments with add-one smoothing in e2e-metrics; the total is the mean",
    .order = 1,
    .decimals = 4,
    .n_stats = 2,
    .measure = sentence_measure,
    .total = score_mean,
};

/* --- sacrebleu: the same smoothing, in percent; 0 if there is no match at all */

/* EFFECTIVE: orders that the hypothesis is too short for are left out, as for a single segment. */
static double sacre_bleu(const double *s, bool effective)
{
    double sum = 0, smooth = 1;
    int orders = 0;

    if (s[MATCH] == 0)
        return 0;
    for (int o = 0; o < ORDERS && s[TOTAL + o] > 0; o++, orders++)
        if (s[MATCH + o] == 0)
            sum += log(100 / ((smooth *= 2) * s[TOTAL + o]));
        else
            sum += log(100 * s[MATCH + o] / s[TOTAL + o]);
    if (!effective && orders < ORDERS)
        return 0;
    return (s[HYP] < s[REF] ? exp(1 - s[REF] / s[HYP]) : 1) * exp(sum / orders);
}

static double sacre_total(const double *s)
{
    return sacre_bleu(s, false);
}

static double sacre_segment(const double *s)
{
    return sacre_bleu(s, true);
}

static int sacre_13a(struct score_job *job, double *stats, double *segment)
{
    count_segments(job, words_13a, stats, segment, sacre_segment);
    return 0;
}

static int sacre_none(struct score_job *job, double *stats, double *segment)
{
    count_segments(job, words_space, stats, segment, sacre_segment);
    return 0;
}

const struct score_kind score_kind_sacre_bleu = {
    .name = "sacre_bleu",
    .label = "BLEU",
    .family = "sacrebleu",
    .source = "sacrebleu, tokenizer 13a; segments with effective order",
    .order = 1,
    .decimals = 2,
    .n_stats = STATS,
    .measure = sacre_13a,
    .total = sacre_total,
};
const struct score_kind score_kind_sacre_bleu_none = {
    .name = "sacre_bleu_none",
    .label = "BLEU, not tokenized",
    .family = "sacrebleu",
    .source = "sacrebleu --tokenize none; segments with effective order",
    .order = 2,
    .decimals = 2,
    .n_stats = STATS,
    .measure = sacre_none,
    .total = sacre_total,
};

/* --- multi-bleu.perl: no smoothing, in percent */

static double multi_total(const double *s)
{
    double sum = 0;

    for (int o = 0; o < ORDERS; o++) {
        if (s[MATCH + o] == 0)
            return 0;
        sum += log(s[MATCH + o] / s[TOTAL + o]);
    }
    return 100 * (s[HYP] < s[REF] ? exp(1 - s[REF] / s[HYP]) : 1) * exp(sum / ORDERS);
}

static int multi_cased(struct score_job *job, double *stats, double *segment)
{
    count_segments(job, words_space, stats, segment, multi_total);
    return 0;
}

static int multi_lower(struct score_job *job, double *stats, double *segment)
{
    count_segments(job, words_lower, stats, segment, multi_total);
    return 0;
}

const struct score_kind score_kind_dart_bleu = {
    .name = "dart_bleu",
    .label = "BLEU",
    .family = "dart",
    .source = "multi-bleu.perl, as DART's evaluation calls it",
    .order = 1,
    .decimals = 2,
    .n_stats = STATS,
    .measure = multi_cased,
    .total = multi_total,
};
const struct score_kind score_kind_webnlg_bleu = {
    .name = "webnlg_bleu",
    .label = "BLEU",
    .family = "webnlg",
    .source = "multi-bleu.perl -lc, as WebNLG's evaluation calls it",
    .order = 1,
    .decimals = 2,
    .n_stats = STATS,
    .measure = multi_lower,
    .total = multi_total,
};
