/* bpe_train.c - learning merges: the counts of all pairs are kept up to date, and the pairs wait in
 * a heap. An entry of the heap has the words that its pair came to; its count may be out of date,
 * which is noticed when it comes to the top. */
#include "core/text/bpe_train.h"
#include "core/base/base.h"
#include "core/base/text.h"
#include "core/format/json.h"
#include "core/os/file.h"
#include "core/text/bpe.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

const char bpe_train_end[] = "<|endoftext|>";

enum { GONE = -1 };

/* A distinct word: its pieces, of which the first N of the SIZE there were are left. */
struct word {
    size_t at; /* in pieces */
    int n, size;
    int64_t count;
    uint64_t hash;
};
/* Where a pair is: indices of words. */
struct places {
    int *word;
    int n, cap;
};
struct pair {
    int left, right; /* left GONE: the slot is free */
    int64_t count;
    struct places fresh; /* words that the pair came to in this merge */
};
struct waiting {
    int64_t count;
    int left, right;
    struct places in;
};
struct merge {
    int left, right;
};
struct bpe_train {
    struct pretok *pretok;
    struct word *word;
    int *piece; /* of all words; until the merging, bytes */
    size_t n_pieces, cap_pieces, cap_words;
    int n_words;
    int *slot; /* [mask + 1] index of a word, or GONE */
    size_t mask;
    int byte_id[256];
    char **text; /* [n_vocab] of a token, as the files write it */
    int n_vocab;
    json_t *vocab; /* text: id */
    struct merge *merge;
    int n_merges;
    struct pair *pair; /* [pair_mask + 1] */
    size_t pair_mask, n_pairs;
    struct waiting *heap;
    int n_heap, cap_heap;
    struct merge *changed; /* pairs that have fresh places */
    int n_changed, cap_changed;
};

/* --- the vocabulary */

static int add_token(struct bpe_train *t, const char *text)
{
    t->text = xgrow(t->text, (size_t)t->n_vocab + 1, sizeof *t->text);
    t->text[t->n_vocab] = xstrdup(text);
    json_object_set_new(t->vocab, text, json_integer(t->n_vocab));
    return t->n_vocab++;
}

/* The bytes, in the order of their characters. */
static void add_bytes(struct bpe_train *t)
{
    for (uint32_t c = 0; c <= bpe_char(173); c++) {
        char text[5] = "";
        int byte = bpe_byte(c);
        if (byte < 0)
            continue;
        utf8proc_encode_char((utf8proc_int32_t)c, (utf8proc_uint8_t *)text);
        t->byte_id[byte] = add_token(t, text);
    }
    CHECK(t->n_vocab == BPE_TRAIN_LEAST, "%d tokens", t->n_vocab);
}

struct bpe_train *bpe_train_new(void)
{
    struct bpe_train *t = xalloc(1, sizeof *t);

    t->pretok = pretok_new();
    int rc = pretok_add(t->pretok, pretok_gpt2, false, false, "");
    CHECK(rc == 0, "GPT-2's pattern: %s", fail_text());
    t->vocab = json_object();
    add_token(t, bpe_train_end);
    add_bytes(t);
    t->mask = 1023;
    t->slot = xalloc(t->mask + 1, sizeof *t->slot);
    memset(t->slot, 0xFF, (t->mask + 1) * sizeof *t->slot);
    return t;
}

void bpe_train_free(struct bpe_train *t)
{
    if (!t)
        return;
    pretok_free(t->pretok);
    for (int i = 0; i < t->n_vocab; i++)
        free(t->text[i]);
    for (int i = 0; i < t->n_heap; i++)
        free(t->heap[i].in.word);
    for (size_t i = 0; t->pair && i <= t->pair_mask; i++)
        free(t->pair[i].fresh.word);
    json_decref(t->vocab);
    free(t->text);
    free(t->word);
    free(t->piece);
    free(t->slot);
    free(t->merge);
    free(t->pair);
    free(t->heap);
    free(t->changed);
    free(t);
}

/* --- words */

static bool is_word(const struct bpe_train *t, const struct word *w, uint64_t hash,
                    const char *bytes, size_t size)
{
    if (w->hash != hash || (size_t)w->size != size)
        return false;
    for (size_t i = 0; i < size; i++)
        if (t->piece[w->at + i] != t->byte_id[(unsigned char)bytes[i]])
            return false;
    return true;
}

static void grow_slots(struct bpe_train *t)
{
    t->mask = 2 * t->mask + 1;
    t->slot = xgrow(t->slot, t->mask + 1, sizeof *t->slot);
    memset(t->slot, 0xFF, (t->mask + 1) * sizeof *t->slot);
    for (int i = 0; i < t->n_words; i++) {
        size_t s = t->word[i].hash & t->mask;
        while (t->slot[s] != GONE)
            s = (s + 1) & t->mask;
        t->slot[s] = i;
    }
}

static void new_word(struct bpe_train *t, uint64_t hash, const char *bytes, size_t size)
{
    if ((size_t)t->n_words == t->cap_words) {
        t->cap_words = t->cap_words ? 2 * t->cap_words : 1024;
        t->word = xgrow(t->word, t->cap_words, sizeof *t->word);
    }
    if (t->n_pieces + size > t->cap_pieces) {
        t->cap_pieces = 2 * (t->n_pieces + size);
        t->piece = xgrow(t->piece, t->cap_pieces, sizeof *t->piece);
    }
    for (size_t i = 0; i < size; i++)
        t->piece[t->n_pieces + i] = t->byte_id[(unsigned char)bytes[i]];
    t->word[t->n_words++] = (struct word){ t->n_pieces, (int)size, (int)size, 1, hash };
    t->n_pieces += size;
}

static void count_word(void *arg, const char *bytes, size_t size)
{
    struct bpe_train *t = arg;
    uint64_t hash = XXH3_64bits(bytes, size);
    size_t s = hash & t->mask;

    for (; t->slot[s] != GONE; s = (s + 1) & t->mask)
        if (is_word(t, &t->word[t->slot[s]], hash, bytes, size)) {
            t->word[t->slot[s]].count++;
            return;
        }
    t->slot[s] = t->n_words;
    new_word(t, hash, bytes, size);
    if (2 * (size_t)t->n_words > t->mask)
        grow_slots(t);
}

void bpe_train_add(struct bpe_train *t, const char *text, size_t size)
{
    CHECK(!t->pair, "merged already");
    pretok_split(t->pretok, text, size, count_word, t);
}

/* --- pairs and their counts */

static struct pair *find_slot(const struct bpe_train *t, int left, int right)
{
    uint64_t h = ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) * 0x9E3779B97F4A7C15u;
    size_t i = (size_t)(h >> 32) & t->pair_mask;

    while (t->pair[i].left != GONE && (t->pair[i].left != left || t->pair[i].right != right))
        i = (i + 1) & t->pair_mask;
    return &t->pair[i];
}

static void make_slots(struct bpe_train *t, size_t n)
{
    t->pair = xalloc(n, sizeof *t->pair);
    t->pair_mask = n - 1;
    for (size_t i = 0; i < n; i++)
        t->pair[i].left = GONE;
}

static void grow_pairs(struct bpe_train *t)
{
    struct pair *old = t->pair;
    size_t n = t->pair_mask + 1;

    make_slots(t, 2 * n);
    for (size_t i = 0; i < n; i++)
        if (old[i].left != GONE)
            *find_slot(t, old[i].left, old[i].right) = old[i];
    free(old);
}

static void add_place(struct places *p, int word)
{
    if (p->n > 0 && p->word[p->n - 1] == word)
        return;
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 4;
        p->word = xgrow(p->word, (size_t)p->cap, sizeof *p->word);
    }
    p->word[p->n++] = word;
}

/* A word has a pair N times more, or less. */
static void change_count(struct bpe_train *t, int left, int right, int64_t n, int word)
{
    struct pair *p = find_slot(t, left, right);

    if (p->left == GONE) {
        *p = (struct pair){ .left = left, .right = right };
        t->n_pairs++;
    }
    p->count += n;
    if (n > 0) {
        if (p->fresh.n == 0) {
            if (t->n_changed == t->cap_changed) {
                t->cap_changed = t->cap_changed ? 2 * t->cap_changed : 1024;
                t->changed = xgrow(t->changed, (size_t)t->cap_changed, sizeof *t->changed);
            }
            t->changed[t->n_changed++] = (struct merge){ left, right };
        }
        add_place(&p->fresh, word);
    }
    if (2 * t->n_pairs > t->pair_mask)
        grow_pairs(t);
}

/* --- the heap, the most frequent pair first */

static bool comes_first(const struct waiting *a, const struct waiting *b)
{
    if (a->count != b->count)
        return a->count > b->count;
    return a->left != b->left ? a->left < b->left : a->right < b->right;
}

static void heap_push(struct bpe_train *t, struct waiting x)
{
    int i = t->n_heap++;

    if (t->n_heap > t->cap_heap) {
        t->cap_heap = 2 * t->n_heap;
        t->heap = xgrow(t->heap, (size_t)t->cap_heap, sizeof *t->heap);
    }
    for (; i > 0 && comes_first(&x, &t->heap[(i - 1) / 2]); i = (i - 1) / 2)
        t->heap[i] = t->heap[(i - 1) / 2];
    t->heap[i] = x;
}

static struct waiting heap_pop(struct bpe_train *t)
{
    struct waiting top = t->heap[0], x = t->heap[--t->n_heap];
    int i = 0;

    for (int child; (child = 2 * i + 1) < t->n_heap; i = child) {
        if (child + 1 < t->n_heap && comes_first(&t->heap[child + 1], &t->heap[child]))
            child++;
        if (!comes_first(&t->heap[child], &x))
            break;
        t->heap[i] = t->heap[child];
    }
    t->heap[i] = x;
    return top;
}

/* Let the pairs that came to words wait, with these words. */
static void push_changed(struct bpe_train *t)
{
    for (int i = 0; i < t->n_changed; i++) {
        struct pair *p = find_slot(t, t->changed[i].left, t->changed[i].right);
        if (p->count > 0)
            heap_push(t, (struct waiting){ p->count, p->left, p->right, p->fresh });
        else
            free(p->fresh.word);
        p->fresh = (struct places){ 0 };
    }
    t->n_changed = 0;
}

/* --- merging */

/* The piece that LEFT and RIGHT make, which another merge may have made before. */
static int joined_token(struct bpe_train *t, int left, int right)
{
    char *text = xprintf("%s%s", t->text[left], t->text[right]);
    const json_t *known = json_object_get(t->vocab, text);
    int id = known ? (int)json_integer_value(known) : add_token(t, text);

    free(text);
    return id;
}

/* Replace LEFT RIGHT by TO in a word, from left to right, and count the pairs that this changes. */
static void merge_word(struct bpe_train *t, int word, int left, int right, int to)
{
    struct word *w = &t->word[word];
    int *p = t->piece + w->at, n = 0;

    for (int i = 0; i < w->n; i++) {
        if (p[i] != left || i + 1 >= w->n || p[i + 1] != right) {
            p[n++] = p[i];
            continue;
        }
        if (n > 0) {
            change_count(t, p[n - 1], left, -w->count, word);
            change_count(t, p[n - 1], to, w->count, word);
        }
        if (i + 2 < w->n) {
            change_count(t, right, p[i + 2], -w->count, word);
            change_count(t, to, p[i + 2], w->count, word);
        }
        p[n++] = to;
        i++;
    }
    w->n = n;
}

static void count_pairs(struct bpe_train *t)
{
    make_slots(t, 1 << 16);
    for (int i = 0; i < t->n_words; i++) {
        const struct word *w = &t->word[i];
        for (int k = 0; k + 1 < w->n; k++)
            change_count(t, t->piece[w->at + (size_t)k], t->piece[w->at + (size_t)k + 1], w->count,
                         i);
    }
    push_changed(t);
}

int bpe_train_merge(struct bpe_train *t, int vocab, long least)
{
    CHECK(vocab >= BPE_TRAIN_LEAST && !t->pair, "%d tokens", vocab);
    count_pairs(t);
    while (t->n_vocab < vocab && t->n_heap > 0) {
        struct waiting top = heap_pop(t);
        int64_t count = find_slot(t, top.left, top.right)->count;
        if (count != top.count) {
            top.count = count;
            heap_push(t, top);
            continue;
        }
        if (count < 1 || count < least) {
            free(top.in.word);
            break;
        }
        int to = joined_token(t, top.left, top.right);
        t->merge = xgrow(t->merge, (size_t)t->n_merges + 1, sizeof *t->merge);
        t->merge[t->n_merges++] = (struct merge){ top.left, top.right };
        for (int i = 0; i < top.in.n; i++)
            merge_word(t, top.in.word[i], top.left, top.right, to);
        free(top.in.word);
        push_changed(t);
        progress("tokenizer: %d of %d tokens", t->n_vocab, vocab);
        if (stop_check() != 0)
            return -1;
    }
    return t->n_vocab;
}

/* --- files */

static int write_merges(const struct bpe_train *t, const char *dir)
{
    struct text out = { 0 };
    char *path = path_join(dir, "merges.txt");

    text_add(&out, "#version: 0.2\n");
    for (int i = 0; i < t->n_merges; i++)
        text_add(&out, "%s %s\n", t->text[t->merge[i].left], t->text[t->merge[i].right]);
    int rc = file_write(path, out.s, out.n, FAIL_STORE);
    text_free(&out);
    free(path);
    return rc;
}

int bpe_train_write(const struct bpe_train *t, const char *dir, int context)
{
    json_t *config = json_pack("{s:s, s:s, s:s, s:s, s:b, s:i}", "tokenizer_class", "GPT2Tokenizer",
                               "bos_token", bpe_train_end, "eos_token", bpe_train_end, "unk_token",
                               bpe_train_end, "add_prefix_space", 0, "model_max_length", context);

    if (json_write(config, dir, "tokenizer_config.json", 0) != 0 || write_merges(t, dir) != 0)
        return -1;
    return json_write(json_incref(t->vocab), dir, "vocab.json", 0);
}
