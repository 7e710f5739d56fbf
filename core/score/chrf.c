/* chrf.c - chrF (Popovic 2015) as sacrebleu computes it: the F2 measure of the mean precision and
 * recall of 1- to 6-grams of characters, white space left out. Of several references the one with
 * the best score of the segment counts. */
#include "core/base/utf8.h"
#include "core/score/score.h"
#include "core/words/ngrams.h"

#include <stdlib.h>
#include <string.h>

enum { ORDERS = 6, HYP = 0, REF = ORDERS, MATCH = 2 * ORDERS, STATS = 3 * ORDERS };

static double chrf_total(const double *s)
{
    double precision = 0, recall = 0;
    int orders = 0;

    for (int o = 0; o < ORDERS; o++)
        if (s[HYP + o] > 0 && s[REF + o] > 0) {
            precision += s[MATCH + o] / s[HYP + o];
            recall += s[MATCH + o] / s[REF + o];
            orders++;
        }
    if (precision + recall == 0)
        return 0;
    precision /= orders;
    recall /= orders;
    return 100 * 5 * precision * recall / (4 * precision + recall);
}

/* The characters of a text are its words here. */
static void words_characters(struct words *w, struct vocabulary *v, const char *const *text, int n)
{
    for (int i = 0; i < n; i++) {
        const char *p = text[i], *end = p + strlen(p);
        while (p < end) {
            const char *at = p;
            if (!is_space(utf8_next(&p, end)))
                words_add(w, vocabulary_id(v, at, (size_t)(p - at)));
        }
        words_end(w);
    }
}

/* The numbers of the n-grams of a text; the caller frees them. */
static int *list_of(struct ngrams *g, const struct words *w, int i, int *n)
{
    int k = words_count(w, i), *list = xalloc(ORDERS * (size_t)k + 1, sizeof *list);

    *n = ngrams_list(g, words_of(w, i), k, ORDERS, list);
    return list;
}

static void count_orders(double *to, const struct ngrams *g, const int *list, int n)
{
    for (int i = 0; i < n; i++)
        to[g->g[list[i]].order - 1]++;
}

static void compare(double *s, struct ngrams *g, const int *hyp, int n_hyp, const int *ref,
                    int n_ref)
{
    memset(s, 0, STATS * sizeof *s);
    count_orders(s + HYP, g, hyp, n_hyp);
    count_orders(s + REF, g, ref, n_ref);
    for (int o = 0; o < ORDERS; o++)
        if (s[REF + o] == 0) /* it has nothing of this order to be compared with */
            s[HYP + o] = 0;
    for (int i = 0; i < n_ref; i++)
        g->g[ref[i]].count++;
    for (int i = 0; i < n_hyp; i++)
        if (g->g[hyp[i]].count > 0) {
            g->g[hyp[i]].count--;
            s[MATCH + g->g[hyp[i]].order - 1]++;
        }
    for (int i = 0; i < n_ref; i++)
        g->g[ref[i]].count = 0;
}

static int chrf_measure(struct score_job *job, double *stats, double *segment)
{
    const struct score_words *w = score_words(job, words_characters);
    const struct score_texts *t = score_texts(job);
    struct ngrams grams = { 0 };

    for (int i = 0; i < t->n; i++) {
        double *best = stats + (size_t)i * STATS, s[STATS];
        int n_hyp, n_ref, *hyp = list_of(&grams, &w->hyp, i, &n_hyp);
        segment[i] = -1;
        for (int r = t->first[i]; r < t->first[i + 1]; r++) {
            int *ref = list_of(&grams, &w->ref, r, &n_ref);
            compare(s, &grams, hyp, n_hyp, ref, n_ref);
            if (chrf_total(s) > segment[i]) {
                segment[i] = chrf_total(s);
                memcpy(best, s, sizeof s);
            }
            free(ref);
        }
        free(hyp);
    }
    ngrams_free(&grams);
    return 0;
}

const struct score_kind score_kind_sacre_chrf = {
    .name = "sacre_chrf",
    .label = "chrF",
    .family = "sacrebleu",
    .source = "sacrebleu's chrF2",
    .order = 3,
    .decimals = 2,
    .n_stats = STATS,
    .measure = chrf_measure,
    .total = chrf_total,
};
