/* ngrams.c - numbering and counting n-grams. */
#include "core/words/ngrams.h"

#include <stdlib.h>

static uint64_t ngram_hash(int prefix, int word)
{
    uint64_t h = ((uint64_t)(uint32_t)prefix << 32 | (uint32_t)word) * 0x9E3779B97F4A7C15u;

    h ^= h >> 29;
    h *= 0xBF58476D1CE4E5B9u;
    return h ^ (h >> 32);
}

static void ngrams_rehash(struct ngrams *s)
{
    s->n_hash = s->n_hash ? 2 * s->n_hash : 4096;
    s->hash = xgrow(s->hash, (size_t)s->n_hash, sizeof *s->hash);
    for (int i = 0; i < s->n_hash; i++)
        s->hash[i] = -1;
    for (int i = 0; i < s->n; i++) {
        uint64_t h = ngram_hash(s->g[i].prefix, s->g[i].word);
        while (s->hash[h & (uint64_t)(s->n_hash - 1)] >= 0)
            h++;
        s->hash[h & (uint64_t)(s->n_hash - 1)] = i;
    }
}

/* Where the n-gram is in the table of hashes, or where it would be. */
static int ngrams_slot(const struct ngrams *s, int prefix, int word)
{
    uint64_t h = ngram_hash(prefix, word);

    for (;; h++) {
        int slot = (int)(h & (uint64_t)(s->n_hash - 1)), i = s->hash[slot];
        if (i < 0 || (s->g[i].prefix == prefix && s->g[i].word == word))
            return slot;
    }
}

int ngrams_find(const struct ngrams *s, int prefix, int word)
{
    return s->n_hash ? s->hash[ngrams_slot(s, prefix, word)] : -1;
}

int ngrams_id(struct ngrams *s, int prefix, int word)
{
    if (2 * (s->n + 1) > s->n_hash)
        ngrams_rehash(s);
    int slot = ngrams_slot(s, prefix, word);
    if (s->hash[slot] >= 0)
        return s->hash[slot];
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 4096;
        s->g = xgrow(s->g, (size_t)s->cap, sizeof *s->g);
    }
    s->g[s->n] = (struct ngram){ .prefix = prefix,
                                 .word = word,
                                 .order = prefix < 0 ? 1 : s->g[prefix].order + 1 };
    s->hash[slot] = s->n;
    return s->n++;
}

void ngrams_free(struct ngrams *s)
{
    free(s->g);
    free(s->hash);
    *s = (struct ngrams){ 0 };
}

int ngrams_list(struct ngrams *s, const int *w, int n, int most, int *list)
{
    int k = 0;

    for (int i = 0; i < n; i++)
        for (int o = 0, g = -1; o < most && i + o < n; o++)
            list[k++] = g = ngrams_id(s, g, w[i + o]);
    return k;
}

/* Let BEST of every n-gram of the text be at least its count there; COUNT is 0 before and after. */
static void keep_best(struct ngrams *s, const int *w, int n, int most, int *list)
{
    int k = ngrams_list(s, w, n, most, list);

    for (int i = 0; i < k; i++)
        if (++s->g[list[i]].count > s->g[list[i]].best)
            s->g[list[i]].best = s->g[list[i]].count;
    for (int i = 0; i < k; i++)
        s->g[list[i]].count = 0;
}

static void forget_best(struct ngrams *s, const int *w, int n, int most, int *list)
{
    int k = ngrams_list(s, w, n, most, list);

    for (int i = 0; i < k; i++)
        s->g[list[i]].best = 0;
}

void ngrams_match(struct ngram_match *m, struct ngrams *s, const int *hyp, int n_hyp,
                  const struct words *ref, int first, int last, int most,
                  void (*hit)(void *arg, int ngram, int times), void *arg)
{
    int longest = n_hyp;

    *m = (struct ngram_match){ 0 };
    for (int r = first; r < last; r++)
        longest = words_count(ref, r) > longest ? words_count(ref, r) : longest;
    int *list = xalloc((size_t)most * (size_t)longest + 1, sizeof *list);
    for (int r = first; r < last; r++)
        keep_best(s, words_of(ref, r), words_count(ref, r), most, list);
    int k = ngrams_list(s, hyp, n_hyp, most, list);
    for (int i = 0; i < k; i++)
        s->g[list[i]].count++;
    for (int i = 0; i < k; i++) {
        struct ngram *g = &s->g[list[i]];
        m->hyp[g->order]++;
        int times = g->count < g->best ? g->count : g->best;
        m->match[g->order] += times; /* the first time; COUNT is 0 for the others */
        g->count = 0;
        if (times > 0 && hit)
            hit(arg, list[i], times);
    }
    for (int r = first; r < last; r++)
        forget_best(s, words_of(ref, r), words_count(ref, r), most, list);
    free(list);
}

int ngrams_closest(const struct words *ref, int first, int last, int length)
{
    int closest = words_count(ref, first);

    for (int r = first + 1; r < last; r++) {
        int n = words_count(ref, r), near = abs(n - length), before = abs(closest - length);
        if (near < before || (near == before && n < closest))
            closest = n;
    }
    return closest;
}
