/* bpe_words.c - merging a word. The pairs wait in a heap, so that a word of any length takes
 * n log n steps; words of usual length come from the cache. */
#include "core/text/bpe.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { NONE = -1 };
enum { CACHED_BYTES = 64, CACHE_SLOTS = 1 << 16, CACHE_FILL = CACHE_SLOTS / 4 * 3 };

/* A merge in the table, whose slot follows from the pair. */
struct pair {
    int left, right, rank, to;
};
/* A piece of the word; those that are left form a list. */
struct part {
    int id, next, prev, rank; /* rank: of the merge with the next one, NONE: there is none */
};
struct cached {
    uint64_t hash;
    uint32_t at, n; /* ids in the store */
    uint8_t size;   /* of the word; 0: the slot is free */
    char word[CACHED_BYTES];
};
struct bpe_words {
    const struct bpe_spec *spec;
    int byte_id[256]; /* NONE: the byte has no piece */
    int unk;
    struct pair *pair;
    size_t mask;
    struct part *part; /* [cap] */
    uint64_t *heap;    /* [2 cap]: rank and place of waiting pairs */
    size_t cap;
    int n_heap;
    struct cached *cache;
    struct ids store;
    int n_cached;
    bool told; /* that a byte has no piece */
};

static struct pair *find_pair(const struct bpe_words *w, int left, int right)
{
    uint64_t h = ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) * 0x9E3779B97F4A7C15u;
    size_t i = (size_t)(h >> 32) & w->mask;

    while (w->pair[i].rank >= 0 && (w->pair[i].left != left || w->pair[i].right != right))
        i = (i + 1) & w->mask;
    return &w->pair[i];
}

static void index_pairs(struct bpe_words *w)
{
    const struct bpe_spec *s = w->spec;
    size_t slots = 16;

    while (slots < 3 * (size_t)s->n_merges)
        slots *= 2;
    w->mask = slots - 1;
    w->pair = xalloc(slots, sizeof *w->pair);
    for (size_t i = 0; i < slots; i++)
        w->pair[i].rank = NONE;
    for (int i = 0; i < s->n_merges; i++) {
        const struct bpe_merge *m = &s->merge[i];
        *find_pair(w, m->left, m->right) = (struct pair){ m->left, m->right, i, m->to };
    }
}

static size_t put_char(char *to, unsigned char byte)
{
    return (size_t)utf8proc_encode_char((utf8proc_int32_t)bpe_char(byte), (utf8proc_uint8_t *)to);
}

static int piece_id(const struct bpe_spec *s, const char *text, size_t size)
{
    const json_t *id = json_object_getn(s->tok.vocab, text, size);

    return id ? (int)json_integer_value(id) : NONE;
}

struct bpe_words *bpe_words_new(const struct bpe_spec *s)
{
    struct bpe_words *w = xalloc(1, sizeof *w);

    w->spec = s;
    for (int b = 0; b < 256; b++) {
        char c[4];
        w->byte_id[b] = piece_id(s, c, put_char(c, (unsigned char)b));
    }
    w->unk = s->unk ? spec_id(&s->tok, s->unk) : NONE;
    w->cache = xalloc(CACHE_SLOTS, sizeof *w->cache);
    index_pairs(w);
    return w;
}

void bpe_words_free(struct bpe_words *w)
{
    if (!w)
        return;
    free(w->pair);
    free(w->part);
    free(w->heap);
    free(w->cache);
    ids_free(&w->store);
    free(w);
}

/* --- the heap, smallest first */

static void heap_push(struct bpe_words *w, int rank, int at)
{
    uint64_t x = (uint64_t)(uint32_t)rank << 32 | (uint32_t)at;
    int i = w->n_heap++;

    for (; i > 0 && w->heap[(i - 1) / 2] > x; i = (i - 1) / 2)
        w->heap[i] = w->heap[(i - 1) / 2];
    w->heap[i] = x;
}

static uint64_t heap_pop(struct bpe_words *w)
{
    uint64_t top = w->heap[0], x = w->heap[--w->n_heap];
    int i = 0;

    for (int child; (child = 2 * i + 1) < w->n_heap; i = child) {
        if (child + 1 < w->n_heap && w->heap[child + 1] < w->heap[child])
            child++;
        if (w->heap[child] >= x)
            break;
        w->heap[i] = w->heap[child];
    }
    w->heap[i] = x;
    return top;
}

/* --- a word */

/* Note the merge of part I with the next one. */
static void note_pair(struct bpe_words *w, int i)
{
    struct part *p = &w->part[i];

    p->rank = p->next < 0 ? NONE : find_pair(w, p->id, w->part[p->next].id)->rank;
    if (p->rank >= 0)
        heap_push(w, p->rank, i);
}

static void tell_missing(struct bpe_words *w, unsigned char byte)
{
    if (!w->told)
        warn("'%s': the vocabulary has no piece for the byte 0x%02X, which is left out, as in the "
             "tokenizers package",
             w->spec->tok.path, byte);
    w->told = true;
}

/* The word's bytes as parts; returns their number. */
static int make_parts(struct bpe_words *w, const char *word, size_t size)
{
    int n = 0;
    bool after_unk = false;

    if (size > w->cap) {
        w->cap = size < 256 ? 256 : 2 * size;
        w->part = xgrow(w->part, w->cap, sizeof *w->part);
        w->heap = xgrow(w->heap, 3 * w->cap, sizeof *w->heap);
    }
    for (size_t i = 0; i < size; i++) {
        int id = w->byte_id[(unsigned char)word[i]];
        bool is_unk = id < 0;
        if (is_unk && w->unk < 0)
            tell_missing(w, (unsigned char)word[i]);
        if (is_unk && (w->unk < 0 || (after_unk && w->spec->fuse_unk)))
            continue;
        w->part[n] = (struct part){ is_unk ? w->unk : id, n + 1, n - 1, NONE };
        after_unk = is_unk;
        n++;
    }
    if (n > 0)
        w->part[n - 1].next = NONE;
    return n;
}

static void merge_parts(struct bpe_words *w, int n)
{
    w->n_heap = 0;
    for (int i = 0; i < n; i++)
        note_pair(w, i);
    while (w->n_heap > 0) {
        uint64_t top = heap_pop(w);
        int at = (int)(uint32_t)top, rank = (int)(top >> 32);
        struct part *p = &w->part[at];
        if (p->rank != rank) /* a pair that has been changed since */
            continue;
        struct part *q = &w->part[p->next];
        p->id = w->spec->merge[rank].to;
        q->rank = NONE;
        p->next = q->next;
        if (p->next >= 0)
            w->part[p->next].prev = at;
        note_pair(w, at);
        if (p->prev >= 0)
            note_pair(w, p->prev);
    }
}

/* The id of a word that is a piece; NONE: it is none. */
static int whole_id(const struct bpe_words *w, const char *word, size_t size)
{
    char *text = xalloc(2 * size + 1, 1);
    size_t n = 0;

    for (size_t i = 0; i < size; i++)
        n += put_char(text + n, (unsigned char)word[i]);
    int id = piece_id(w->spec, text, n);
    free(text);
    return id;
}

static void merge_word(struct bpe_words *w, const char *word, size_t size, struct ids *out)
{
    int whole = w->spec->ignore_merges ? whole_id(w, word, size) : NONE;

    if (whole >= 0) {
        ids_push(out, whole);
        return;
    }
    int n = make_parts(w, word, size);
    merge_parts(w, n);
    for (int i = n > 0 ? 0 : NONE; i >= 0; i = w->part[i].next)
        ids_push(out, w->part[i].id);
}

/* --- the cache, which is emptied when it is full */

static void cache_clear(struct bpe_words *w)
{
    for (int i = 0; i < CACHE_SLOTS; i++)
        w->cache[i].size = 0;
    w->n_cached = w->store.n = 0;
}

void bpe_word(struct bpe_words *w, const char *word, size_t size, struct ids *out)
{
    if (size > CACHED_BYTES) {
        merge_word(w, word, size, out);
        return;
    }
    uint64_t hash = XXH3_64bits(word, size);
    size_t i = hash & (CACHE_SLOTS - 1);
    for (; w->cache[i].size; i = (i + 1) & (CACHE_SLOTS - 1)) {
        const struct cached *c = &w->cache[i];
        if (c->hash == hash && c->size == size && memcmp(c->word, word, size) == 0) {
            for (uint32_t k = 0; k < c->n; k++)
                ids_push(out, w->store.id[c->at + k]);
            return;
        }
    }
    if (w->n_cached >= CACHE_FILL) {
        cache_clear(w);
        i = hash & (CACHE_SLOTS - 1);
    }
    struct cached *c = &w->cache[i];
    uint32_t at = (uint32_t)w->store.n;
    merge_word(w, word, size, &w->store);
    *c = (struct cached){ hash, at, (uint32_t)w->store.n - at, (uint8_t)size, { 0 } };
    memcpy(c->word, word, size);
    w->n_cached++;
    for (uint32_t k = 0; k < c->n; k++)
        ids_push(out, w->store.id[at + k]);
}
