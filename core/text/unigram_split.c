/* unigram_split.c - a trie of the pieces, and the split with the largest sum of scores (Viterbi).
 *
 * An edge of the trie is an entry of one hash table, by its node and its byte. */
#include "core/text/unigram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct edge {
    uint32_t key; /* node << 8 | byte, plus 1; 0: free */
    uint32_t to;
};
struct unigram_trie {
    const struct unigram_spec *s;
    struct edge *edge; /* [mask + 1] */
    uint32_t mask, n_nodes;
    int *id;              /* [n_nodes] of the piece that ends there, or -1 */
    double best, unknown; /* the largest score; that of an unknown character */
    int byte[256];        /* the ids of <0x..>, or -1 */
};

static struct edge *find_edge(const struct unigram_trie *t, uint32_t node, unsigned char byte)
{
    uint32_t key = (node << 8 | byte) + 1, at = key * 2654435761u;

    for (at = (at ^ at >> 15) & t->mask; t->edge[at].key != 0 && t->edge[at].key != key;)
        at = (at + 1) & t->mask;
    return &t->edge[at];
}

static void add_piece(struct unigram_trie *t, const char *text, int id)
{
    uint32_t node = 0;

    for (const char *p = text; *p; p++) {
        struct edge *e = find_edge(t, node, (unsigned char)*p);
        if (e->key == 0) {
            e->key = (node << 8 | (unsigned char)*p) + 1;
            e->to = t->n_nodes++;
            t->id[e->to] = -1;
        }
        node = e->to;
    }
    t->id[node] = id;
}

/* SentencePiece leaves control pieces, unused ones, and the unknown one out of its search; the
 * tokenizers package, whose pieces have no types, does not. */
static bool is_searched(const struct unigram_spec *s, const struct unigram_piece *p)
{
    return p->text && *p->text &&
           (!s->is_spm || p->type == UNIGRAM_NORMAL || p->type == UNIGRAM_USER);
}

static void find_scores(struct unigram_trie *t)
{
    const struct unigram_spec *s = t->s;
    double least = INFINITY;

    t->best = -INFINITY;
    for (int i = 0; i < s->n; i++) {
        if (!s->piece[i].text || (s->is_spm && s->piece[i].type != UNIGRAM_NORMAL))
            continue;
        least = fmin(least, s->piece[i].score);
        t->best = fmax(t->best, s->piece[i].score);
    }
    t->unknown = isinf(least) ? -10 : s->is_spm ? (double)((float)least - 10.0f) : least - 10;
    t->best = isinf(t->best) ? 0 : t->best;
}

struct unigram_trie *unigram_trie_new(const struct unigram_spec *s)
{
    struct unigram_trie *t = xalloc(1, sizeof *t);
    size_t bytes = 1, size = 16;

    for (int i = 0; i < s->n; i++)
        bytes += s->piece[i].text ? strlen(s->piece[i].text) : 0;
    while (size < 2 * bytes)
        size *= 2;
    t->s = s;
    t->edge = xalloc(size, sizeof *t->edge);
    t->mask = (uint32_t)size - 1;
    t->id = xalloc(bytes, sizeof *t->id);
    t->id[0] = -1;
    t->n_nodes = 1;
    for (int i = 0; i < s->n; i++)
        if (is_searched(s, &s->piece[i]))
            add_piece(t, s->piece[i].text, i);
    for (int i = 0; i < 256; i++) {
        char name[8];
        snprintf(name, sizeof name, "<0x%02X>", (unsigned)i);
        t->byte[i] = s->byte_fallback ? spec_id(&s->tok, name) : -1;
    }
    find_scores(t);
    return t;
}

void unigram_trie_free(struct unigram_trie *t)
{
    if (!t)
        return;
    free(t->edge);
    free(t->id);
    free(t);
}

size_t unigram_longest(const struct unigram_trie *t, const char *text, size_t size)
{
    uint32_t node = 0;
    size_t longest = 0;

    for (size_t i = 0; i < size; i++) {
        const struct edge *e = find_edge(t, node, (unsigned char)text[i]);
        if (e->key == 0)
            break;
        node = e->to;
        if (t->id[node] >= 0 && t->s->piece[t->id[node]].type == UNIGRAM_USER)
            longest = i + 1;
    }
    return longest;
}

/* The best way to each place of the text: the sum of its scores, and its last piece. */
struct place {
    double score;
    int from, id; /* from -1: not reached; id -1: an unknown character */
};

static void reach(struct place *to, double score, int from, int id)
{
    if (to->from < 0 || score > to->score)
        *to = (struct place){ score, from, id };
}

/* A piece that the user has defined wins over all others. */
static double sum_to(const struct unigram_trie *t, double before, int id, int size)
{
    const struct unigram_piece *p = &t->s->piece[id];
    bool user = t->s->is_spm && p->type == UNIGRAM_USER;
    double score = user ? (double)((float)size * (float)t->best) - 0.1 : p->score;

    return t->s->is_spm ? (double)((float)before + (float)score) : before + score;
}

static void reach_from(const struct unigram_trie *t, struct place *place, const char *text,
                       int size, int at)
{
    const char *p = text + at;
    bool single = t->s->is_spm, one = false;
    uint32_t node = 0;

    utf8_next(&p, text + size);
    int next = (int)(p - text);
    for (int i = at; i < size; i++) {
        const struct edge *e = find_edge(t, node, (unsigned char)text[i]);
        if (e->key == 0)
            break;
        node = e->to;
        int id = t->id[node];
        if (id < 0)
            continue;
        reach(&place[i + 1], sum_to(t, place[at].score, id, i + 1 - at), at, id);
        one |= i + 1 == next;
    }
    if (!one)
        reach(&place[next],
              single ? (double)((float)t->unknown + (float)place[at].score)
                     : t->unknown + place[at].score,
              at, -1);
}

/* An unknown character, or several together: their bytes, if the model has them all, or one token.
 */
static void push_unknown(const struct unigram_trie *t, const char *text, int size, struct ids *out)
{
    bool bytes = t->s->byte_fallback;

    for (int i = 0; i < size; i++)
        bytes &= t->byte[(unsigned char)text[i]] >= 0;
    for (int i = 0; i < size && bytes; i++)
        ids_push(out, t->byte[(unsigned char)text[i]]);
    if (!bytes && t->s->unk >= 0)
        ids_push(out, t->s->unk);
}

static bool is_unknown(const struct unigram_trie *t, int id)
{
    return id < 0 || id == t->s->unk;
}

static void split(const struct unigram_trie *t, const char *text, int size, struct ids *out)
{
    struct place *place = xalloc((size_t)size + 1, sizeof *place);
    int *cut = xalloc((size_t)size + 1, sizeof *cut), n = 0;

    for (int i = 1; i <= size; i++)
        place[i].from = -1;
    for (int at = 0; at < size; at++)
        if (place[at].from >= 0)
            reach_from(t, place, text, size, at);
    for (int at = size; at > 0; at = place[at].from)
        cut[n++] = at;
    for (int i = n - 1; i >= 0; i--) {
        int first = place[cut[i]].from, id = place[cut[i]].id;
        while (is_unknown(t, id) && i > 0 && is_unknown(t, place[cut[i - 1]].id))
            i--;
        if (is_unknown(t, id))
            push_unknown(t, text + first, cut[i] - first, out);
        else
            ids_push(out, id);
    }
    free(cut);
    free(place);
}

void unigram_split(const struct unigram_trie *t, const char *text, size_t size, struct ids *out)
{
    CHECK(size < 1u << 30, "%zu bytes", size);
    if (size > 0)
        split(t, text, (int)size, out);
}
