/* nist.c - NIST (Doddington 2002): matches of n-grams up to 5, each weighted by its information
 * log2(count of the n-gram without its last word / count of the n-gram) in the references, and a
 * penalty for short output. */
#include "core/words/ngrams.h"
#include "core/score/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ORDERS = 5, INFO = 0, TOTAL = ORDERS, HYP = 2 * ORDERS, REF, REFS, SEGMENTS, STATS };

/* What the references say of the n-grams: COUNT of an n-gram is how often they have it. */
struct info {
    struct ngrams grams;
    const struct vocabulary *vocabulary;
    double words; /* of all references */
    bool perl;
    double *sum; /* of the running segment, per order */
};

static void count_refs(struct info *f, const struct words *ref, int first, int last)
{
    int longest = 1;

    for (int r = first; r < last; r++)
        longest = words_count(ref, r) > longest ? words_count(ref, r) : longest;
    int *list = xalloc((size_t)ORDERS * (size_t)longest, sizeof *list);
    for (int r = first; r < last; r++) {
        int k = ngrams_list(&f->grams, words_of(ref, r), words_count(ref, r), ORDERS, list);
        for (int i = 0; i < k; i++)
            f->grams.g[list[i]].count++;
        f->words += words_count(ref, r);
    }
    free(list);
}

/* The Perl program takes the history "0" for no history, because Perl takes "0" for false. */
static double information(const struct info *f, int ngram)
{
    const struct ngram *g = &f->grams.g[ngram];
    bool none = g->prefix < 0;

    if (f->perl && g->order == 2)
        none = strcmp(f->vocabulary->word[f->grams.g[g->prefix].word], "0") == 0;
    return log2((none ? f->words : f->grams.g[g->prefix].count) / g->count);
}

/* The matches of a segment are counted in a table of their own; this finds the n-gram in F. */
struct finder {
    struct info *f;
    const struct ngrams *own;
};

static int same_ngram(struct info *f, const struct ngrams *own, int g)
{
    if (g < 0)
        return -1;
    return ngrams_id(&f->grams, same_ngram(f, own, own->g[g].prefix), own->g[g].word);
}

static void add_information(void *arg, int ngram, int times)
{
    struct finder *x = arg;
    int g = same_ngram(x->f, x->own, ngram);

    x->f->sum[x->f->grams.g[g].order - 1] += times * information(x->f, g);
}

static double penalty(double ratio)
{
    double beta = -log(0.5) / log(1.5) / log(1.5);

    return ratio >= 1 ? 1 : ratio <= 0 ? 0 : exp(-beta * log(ratio) * log(ratio));
}

/* --- mteval-v13a.pl, as changed for e2e-metrics: references that are missing do not count */

static double perl_total(const double *s)
{
    double sum = 0, refs = s[REFS] / s[SEGMENTS];

    for (int o = 0; o < ORDERS; o++)
        sum += s[INFO + o] / fmax(s[TOTAL + o], 1);
    return s[REF] > 0 ? sum * penalty(s[HYP] / (s[REF] / refs)) : 0;
}

static void measure_perl(struct score_job *job, double *stats)
{
    const struct score_words *w = score_words(job, words_mteval);
    const struct score_texts *t = score_texts(job);
    struct info f = { .vocabulary = &w->vocabulary, .perl = true };
    struct ngrams own = { 0 };
    struct finder finder = { &f, &own };
    struct ngram_match m;

    count_refs(&f, &w->ref, 0, t->first[t->n]);
    for (int i = 0; i < t->n; i++) {
        double *s = stats + (size_t)i * STATS;
        f.sum = s + INFO;
        ngrams_match(&m, &own, words_of(&w->hyp, i), words_count(&w->hyp, i), &w->ref, t->first[i],
                     t->first[i + 1], ORDERS, add_information, &finder);
        for (int o = 0; o < ORDERS; o++)
            s[TOTAL + o] = m.hyp[o + 1];
        s[HYP] = words_count(&w->hyp, i);
        for (int r = t->first[i]; r < t->first[i + 1]; r++) {
            s[REF] += words_count(&w->ref, r);
            s[REFS] += words_count(&w->ref, r) > 0;
        }
        s[SEGMENTS] = 1;
    }
    ngrams_free(&own);
    ngrams_free(&f.grams);
}

/* --- pymteval.py, which reports segments: information from the segment's own references */

static double python_segment(const struct score_words *w, const struct score_texts *t, int i)
{
    int n = words_count(&w->hyp, i), first = t->first[i], last = t->first[i + 1];
    double sum[ORDERS] = { 0 }, nist = 0;
    struct info f = { .vocabulary = &w->vocabulary, .sum = sum };
    struct ngrams own = { 0 };
    struct finder finder = { &f, &own };
    struct ngram_match m;

    count_refs(&f, &w->ref, first, last);
    ngrams_match(&m, &own, words_of(&w->hyp, i), n, &w->ref, first, last, ORDERS, add_information,
                 &finder);
    for (int o = 0; o < ORDERS; o++)
        nist += sum[o] / (n - o == 0 ? 1 : n - o);
    ngrams_free(&own);
    ngrams_free(&f.grams);
    return nist * penalty(n / (f.words / (last - first)));
}

static int nist_measure(struct score_job *job, double *stats, double *segment)
{
    const struct score_words *w = score_words(job, words_mteval_py);

    measure_perl(job, stats);
    for (int i = 0; i < score_texts(job)->n; i++)
        segment[i] = python_segment(w, score_texts(job), i);
    return 0;
}

const struct score_kind score_kind_e2e_nist = {
    .name = "e2e_nist",
    .label = "NIST",
    .family = "e2e",
    .source = "mteval-v13a.pl in e2e-metrics; a segment's value is that of its pymteval.py",
    .order = 2,
    .decimals = 4,
    .n_stats = STATS,
    .measure = nist_measure,
    .total = perl_total,
};
