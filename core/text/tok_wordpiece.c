/* tok_wordpiece.c - BERT's WordPiece: longest match first. The ids are those of the tokenizers
 * package (BertNormalizer, BertPreTokenizer, WordPiece), which also recognizes added tokens, such
 * as [MASK], in the text. */
#include "core/text/tok.h"
#include "core/os/file.h"
#include "core/text/wordpiece.h"

#include <stdlib.h>
#include <string.h>

/* The key of a piece is its text, without the prefix if it continues a word. */
struct piece {
    const char *key;
    size_t size; /* of the key */
    int id;
    bool inner; /* continues a word */
};
struct slot {
    uint32_t hash;
    int piece; /* -1: free */
};
struct wordpiece {
    struct wordpiece_spec spec;
    struct piece *piece;
    const char **text; /* [n] of an id; NULL: there is no such id */
    int n;
    size_t longest; /* bytes of the longest key */
    struct slot *slot;
    size_t mask;
    struct added_set *raw, *normal; /* looked for before and after normalization */
};

/* FNV-1a. Pieces that continue a word start from another value. */
static uint32_t hash_start(bool inner)
{
    return inner ? 0x9E3779B9u : 0x811C9DC5u;
}
static uint32_t hash_byte(uint32_t h, char c)
{
    return (h ^ (unsigned char)c) * 0x01000193u;
}

/* The slot of a key, or the free slot in which it belongs. */
static struct slot *find_slot(const struct wordpiece *w, bool inner, uint32_t hash, const char *key,
                              size_t size)
{
    size_t i = (hash ^ hash >> 15) & w->mask;

    for (; w->slot[i].piece >= 0; i = (i + 1) & w->mask) {
        const struct piece *p = &w->piece[w->slot[i].piece];
        if (w->slot[i].hash == hash && p->size == size && p->inner == inner &&
            memcmp(p->key, key, size) == 0)
            break;
    }
    return &w->slot[i];
}

static void wordpiece_free(void *state)
{
    struct wordpiece *w = state;

    if (!w)
        return;
    wordpiece_spec_free(&w->spec);
    added_set_free(w->raw);
    added_set_free(w->normal);
    free(w->piece);
    free(w->text);
    free(w->slot);
    free(w);
}

static char *normalize(const struct wordpiece *w, const char *text, size_t size, size_t *n)
{
    const struct wordpiece_spec *s = &w->spec;

    return norm_bert(text, size, s->clean, s->cjk, s->lower, s->strip, n);
}

static void add_piece(struct wordpiece *w, int at, const char *text, int id)
{
    size_t size = strlen(text), k = strlen(w->spec.prefix);
    bool inner = size > k && memcmp(text, w->spec.prefix, k) == 0;
    struct piece p = { text + (inner ? k : 0), size - (inner ? k : 0), id, inner };
    uint32_t hash = hash_start(inner);

    for (size_t i = 0; i < p.size; i++)
        hash = hash_byte(hash, p.key[i]);
    w->piece[at] = p;
    *find_slot(w, inner, hash, p.key, p.size) = (struct slot){ hash, at };
    if (p.size > w->longest)
        w->longest = p.size;
}

static void index_ids(struct wordpiece *w)
{
    const struct added *a = &w->spec.tok.added;
    const char *text;
    const json_t *id;

    w->text = xalloc((size_t)w->n + 1, sizeof *w->text);
    json_object_foreach(w->spec.tok.vocab, text, id)
    {
        w->text[json_integer_value(id)] = text;
    }
    for (int i = 0; i < a->n; i++)
        w->text[a->t[i].id] = a->t[i].text;
}

static void index_pieces(struct wordpiece *w)
{
    size_t n = json_object_size(w->spec.tok.vocab), slots = 16;
    const char *text;
    const json_t *id;
    int at = 0;

    while (slots < 2 * n)
        slots *= 2;
    w->mask = slots - 1;
    w->slot = xalloc(slots, sizeof *w->slot);
    w->piece = xalloc(n + 1, sizeof *w->piece);
    for (size_t i = 0; i < slots; i++)
        w->slot[i].piece = -1;
    json_object_foreach(w->spec.tok.vocab, text, id)
    {
        add_piece(w, at++, text, (int)json_integer_value(id));
    }
}

static void index_added(struct wordpiece *w)
{
    const struct added *a = &w->spec.tok.added;
    char **text = xalloc((size_t)a->n + 1, sizeof *text);
    size_t *size = xalloc((size_t)a->n + 1, sizeof *size);

    for (int i = 0; i < a->n; i++) {
        text[i] = a->t[i].text;
        size[i] = strlen(text[i]);
    }
    w->raw = added_set_make(a, false, text, size);
    for (int i = 0; i < a->n; i++)
        text[i] = normalize(w, a->t[i].text, strlen(a->t[i].text), &size[i]);
    w->normal = added_set_make(a, true, text, size);
    for (int i = 0; i < a->n; i++)
        free(text[i]);
    free(text);
    free(size);
}

static bool wordpiece_detect(const struct tok_folder *f)
{
    return file_in(f->dir, "vocab.txt");
}

static void *wordpiece_load(const struct tok_folder *f, struct tok_facts *facts)
{
    struct wordpiece *w = xalloc(1, sizeof *w);

    if (wordpiece_spec_load(&w->spec, f) != 0) {
        wordpiece_free(w);
        return NULL;
    }
    spec_facts(facts, &w->spec.tok);
    w->n = facts->vocab;
    index_ids(w);
    index_pieces(w);
    index_added(w);
    return w;
}

/* The id of the longest piece that begins at P, and its end in *STOP; -1: there is none. */
static int longest_match(const struct wordpiece *w, bool inner, const char *p, const char *end,
                         const char **stop)
{
    uint32_t hash[MAX_WORD_CHARS], h = hash_start(inner);
    const char *at[MAX_WORD_CHARS], *q = p;
    int n = 0;

    while (q < end) {
        const char *from = q;
        utf8_next(&q, end);
        if ((size_t)(q - p) > w->longest)
            break;
        for (; from < q; from++)
            h = hash_byte(h, *from);
        hash[n] = h;
        at[n++] = q;
    }
    while (n-- > 0) {
        int i = find_slot(w, inner, hash[n], p, (size_t)(at[n] - p))->piece;
        if (i >= 0) {
            *stop = at[n];
            return w->piece[i].id;
        }
    }
    return -1;
}

static void encode_word(const struct wordpiece *w, const char *p, const char *end, size_t n_chars,
                        struct ids *out)
{
    int before = out->n;
    bool inner = false;

    if (n_chars > (size_t)w->spec.max_chars) {
        ids_push(out, w->spec.tok.role[TOK_UNK]);
        return;
    }
    for (; p < end; inner = true) {
        int id = longest_match(w, inner, p, end, &p);
        if (id < 0) {
            out->n = before;
            ids_push(out, w->spec.tok.role[TOK_UNK]);
            return;
        }
        ids_push(out, id);
    }
}

/* Split normalized text without added tokens at spaces and around punctuation. */
static void encode_words(const struct wordpiece *w, const char *p, const char *end, struct ids *out)
{
    const char *word = p;
    size_t n_chars = 0;

    while (p < end) {
        const char *at = p;
        uint32_t c = utf8_next(&p, end);
        bool punct = is_bert_punct(c);
        if (!punct && !is_bert_space(c)) {
            n_chars++;
            continue;
        }
        encode_word(w, word, at, n_chars, out);
        if (punct)
            encode_word(w, at, p, 1, out);
        word = p;
        n_chars = 0;
    }
    encode_word(w, word, end, n_chars, out);
}

/* Text without the tokens of w->raw. */
static void encode_plain(const struct wordpiece *w, const char *text, size_t size, struct ids *out)
{
    size_t n;
    char *norm = normalize(w, text, size, &n);
    const char *p = norm, *end = norm + n, *at, *stop;
    int id;

    while ((at = added_next(w->normal, norm, p, end, &stop, &id)) != NULL) {
        encode_words(w, p, at, out);
        ids_push(out, id);
        p = stop;
    }
    encode_words(w, p, end, out);
    free(norm);
}

static void wordpiece_encode(void *state, const char *text, size_t size, struct ids *out)
{
    const struct wordpiece *w = state;
    const char *p = text, *end = text + size, *at, *stop;
    int id;

    while ((at = added_next(w->raw, text, p, end, &stop, &id)) != NULL) {
        encode_plain(w, p, (size_t)(at - p), out);
        ids_push(out, id);
        p = stop;
    }
    encode_plain(w, p, (size_t)(end - p), out);
}

static const char *wordpiece_piece(void *state, int id)
{
    const struct wordpiece *w = state;

    return id >= 0 && id < w->n ? w->text[id] : NULL;
}

/* Does no space precede the piece? As in the decoder of the tokenizers package with "cleanup". */
static bool clings(const char *piece)
{
    static const char *const marks[] = { ".", "?", "!", ",", "n't", "'m", "'s", "'ve", "'re" };

    for (size_t i = 0; i < ARRAY_LEN(marks); i++)
        if (strncmp(piece, marks[i], strlen(marks[i])) == 0)
            return true;
    return false;
}

static void wordpiece_decode(void *state, const int *id, int n, struct text *out)
{
    const struct wordpiece *w = state;
    size_t k = strlen(w->spec.prefix);
    bool first = true;

    for (int i = 0; i < n; i++) {
        const char *piece = wordpiece_piece(state, id[i]);
        if (!piece)
            continue;
        bool inner = !first && strncmp(piece, w->spec.prefix, k) == 0;
        text_add(out, "%s%s", first || inner || clings(piece) ? "" : " ",
                 inner ? piece + k : piece);
        first = false;
    }
}

const struct tok_kind tok_kind_wordpiece = {
    .name = "wordpiece",
    .model = "WordPiece",
    .source = "Devlin et al. 2019; the tokenizers package's BertNormalizer and WordPiece",
    .detect = wordpiece_detect,
    .load = wordpiece_load,
    .free = wordpiece_free,
    .encode = wordpiece_encode,
    .decode = wordpiece_decode,
    .piece = wordpiece_piece,
};
