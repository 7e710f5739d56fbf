/* paraphrases.c - selecting pairs from the coded table. */
#include "core/meteor/paraphrases.h"
#include "core/meteor/paraphrase_index.h"

#include <stdlib.h>
#include <string.h>

/* A number of seven bits a byte, the lowest first; false: there are no more bytes. */
static bool read_number(const unsigned char **p, const unsigned char *end, uint32_t *x)
{
    *x = 0;
    for (int shift = 0; *p < end && shift < 32; shift += 7) {
        unsigned char b = *(*p)++;
        *x |= (uint32_t)(b & 0x7F) << shift;
        if (b < 0x80)
            return true;
    }
    return false;
}

/* One coded pair: the length of both phrases, then their words but for the first one. False: it is
 * damaged. */
struct pair {
    int n_ref, n_par;
    uint32_t word[2 * PARAPHRASE_MOST];
};

static bool read_pair(struct pair *x, const unsigned char **p, const unsigned char *end,
                      uint32_t first, uint32_t n_words)
{
    unsigned char lengths = *(*p)++;

    x->n_ref = lengths >> 4;
    x->n_par = lengths & 15;
    if (x->n_ref < 1 || x->n_par < 1 || x->n_ref > PARAPHRASE_MOST || x->n_par > PARAPHRASE_MOST)
        return false;
    x->word[0] = first;
    for (int i = 1; i < x->n_ref + x->n_par; i++)
        if (!read_number(p, end, &x->word[i]) || x->word[i] >= n_words)
            return false;
    return true;
}

static void add_pair(struct paraphrases *s, const struct pair *x, const int *map)
{
    int g = -1;

    for (int i = 0; i < x->n_ref; i++)
        g = ngrams_id(&s->phrases, g, map[x->word[i]]);
    if (s->phrases.n > s->n_heads) {
        int most = 2 * s->phrases.n;
        s->head = xgrow(s->head, (size_t)most, sizeof *s->head);
        s->tail = xgrow(s->tail, (size_t)most, sizeof *s->tail);
        for (; s->n_heads < most; s->n_heads++)
            s->head[s->n_heads] = s->tail[s->n_heads] = -1;
    }
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 4096;
        s->p = xgrow(s->p, (size_t)s->cap, sizeof *s->p);
    }
    if (s->n_words + PARAPHRASE_MOST > s->cap_words) {
        s->cap_words = s->cap_words ? 2 * s->cap_words : 16384;
        s->words = xgrow(s->words, (size_t)s->cap_words, sizeof *s->words);
    }
    s->p[s->n] = (struct paraphrase){ s->n_words, x->n_par, -1 };
    for (int i = 0; i < x->n_par; i++)
        s->words[s->n_words++] = map[x->word[x->n_ref + i]];
    if (s->tail[g] >= 0)
        s->p[s->tail[g]].next = s->n;
    else
        s->head[g] = s->n;
    s->tail[g] = s->n++;
}

static bool knows_all(const struct pair *x, const int *map)
{
    for (int i = 1; i < x->n_ref + x->n_par; i++)
        if (map[x->word[i]] < 0)
            return false;
    return true;
}

int paraphrases_select(struct paraphrases *s, const struct paraphrase_table *t,
                       const struct vocabulary *v)
{
    struct paraphrase_view w = paraphrase_view(t);
    int *map = xalloc(w.n_words + 1, sizeof *map);
    const char *word = w.words, *end = w.words + w.words_size;
    int rc = 0;

    *s = (struct paraphrases){ 0 };
    for (uint32_t i = 0; i < w.n_words; i++) {
        size_t n = strnlen(word, (size_t)(end - word));
        map[i] = vocabulary_find(v, word, n);
        word += word + n < end ? n + 1 : n;
    }
    for (uint32_t i = 0; rc == 0 && i < w.n_words; i++) {
        const unsigned char *p = w.pairs + w.start[i], *stop = w.pairs + w.start[i + 1];
        while (map[i] >= 0 && rc == 0 && p < stop) {
            struct pair x;
            if (!read_pair(&x, &p, stop, i, w.n_words))
                rc = fail(FAIL_INPUT, "'%s' is damaged; remove it, and it is made again", w.path);
            else if (knows_all(&x, map))
                add_pair(s, &x, map);
        }
    }
    free(map);
    return rc;
}

void paraphrases_free(struct paraphrases *s)
{
    ngrams_free(&s->phrases);
    free(s->head);
    free(s->tail);
    free(s->p);
    free(s->words);
    *s = (struct paraphrases){ 0 };
}

int paraphrases_find(const struct paraphrases *s, int prefix, int word)
{
    return ngrams_find(&s->phrases, prefix, word);
}

int paraphrases_head(const struct paraphrases *s, int ngram)
{
    return ngram < s->n_heads ? s->head[ngram] : -1;
}
