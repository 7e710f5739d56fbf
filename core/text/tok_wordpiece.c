/* tok_wordpiece.c - BERT's WordPiece: the pieces of vocab.txt, longest match first. The ids are
 * those of the tokenizers package (BertNormalizer, BertPreTokenizer, WordPiece), which also
 * recognizes special tokens in the text. */
#include "core/text/tok.h"
#include "core/os/file.h"

#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORD_CHARS = 100 }; /* a longer word becomes a single [UNK] */
enum { N_SPECIAL = 5 };
static const char *const special_name[N_SPECIAL] = { "[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]" };
enum { CLS, SEP, PAD, UNK, MASK };

/* The key of a piece is its text, without the "##" if it continues a word. */
struct piece {
    const char *text;
    size_t size; /* of the key */
    bool inner;  /* continues a word */
};
struct slot {
    uint32_t hash;
    int id; /* -1: free */
};
struct wordpiece {
    char *text; /* vocab.txt, with NUL at the end of every line */
    struct piece *piece;
    int n;
    size_t longest; /* bytes of the longest key */
    struct slot *slot;
    size_t mask;
    int special[N_SPECIAL]; /* ids; -1: not in the vocabulary, which only [MASK] may be */
    bool lower, strip, cjk;
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

    for (; w->slot[i].id >= 0; i = (i + 1) & w->mask) {
        const struct piece *p = &w->piece[w->slot[i].id];
        if (w->slot[i].hash == hash && p->size == size && p->inner == inner &&
            memcmp(p->text + (inner ? 2 : 0), key, size) == 0)
            break;
    }
    return &w->slot[i];
}

static struct slot *find_text(const struct wordpiece *w, bool inner, const char *key, size_t size,
                              uint32_t *hash)
{
    *hash = hash_start(inner);
    for (size_t i = 0; i < size; i++)
        *hash = hash_byte(*hash, key[i]);
    return find_slot(w, inner, *hash, key, size);
}

static void wordpiece_free(void *state)
{
    struct wordpiece *w = state;

    if (!w)
        return;
    free(w->text);
    free(w->piece);
    free(w->slot);
    free(w);
}

static bool is_utf8(const char *s, size_t size)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    const char *p = s, *end = s + size;

    while (p < end) {
        const char *at = p;
        uint32_t c = utf8_next(&p, end);
        if (c == 0 || (c == 0xFFFD && (p - at != 3 || memcmp(at, replacement, 3) != 0)))
            return false;
    }
    return true;
}

/* The SIZE bytes at AT, which are line w->n + 1, become piece w->n. */
static int add_piece(struct wordpiece *w, const char *at, size_t size, const char *path)
{
    struct piece p = { at, size, size > 2 && at[0] == '#' && at[1] == '#' };
    uint32_t hash;

    if (!is_utf8(at, size))
        return fail(FAIL_INPUT, "'%s' line %d is not UTF-8 text", path, w->n + 1);
    if (p.inner)
        p.size -= 2;
    struct slot *s = find_text(w, p.inner, at + (p.inner ? 2 : 0), p.size, &hash);
    if (s->id >= 0)
        return fail(FAIL_INPUT, "'%s' line %d repeats '%s' of line %d", path, w->n + 1, at,
                    s->id + 1);
    *s = (struct slot){ hash, w->n };
    w->piece[w->n++] = p;
    if (p.size > w->longest)
        w->longest = p.size;
    return 0;
}

static int index_lines(struct wordpiece *w, size_t size, const char *path)
{
    char *end = w->text + size, *p = w->text;
    size_t lines = 1, slots = 16;

    for (const char *q = p; (q = memchr(q, '\n', (size_t)(end - q))) != NULL; q++)
        lines++;
    if (lines > INT_MAX / 4)
        return fail(FAIL_INPUT, "'%s' has %zu lines, too many for a vocabulary", path, lines);
    while (slots < 2 * lines)
        slots *= 2;
    w->mask = slots - 1;
    w->slot = xalloc(slots, sizeof *w->slot);
    w->piece = xalloc(lines, sizeof *w->piece);
    for (size_t i = 0; i < slots; i++)
        w->slot[i].id = -1;
    while (p < end) {
        char *stop = memchr(p, '\n', (size_t)(end - p));
        char *next = stop ? stop + 1 : end;
        char *last = stop ? stop : end;
        if (last > p && last[-1] == '\r')
            last--;
        *last = '\0';
        if (add_piece(w, p, (size_t)(last - p), path) != 0)
            return -1;
        p = next;
    }
    return 0;
}

static int load_vocab(struct wordpiece *w, const char *path)
{
    struct file f = { 0 };
    int rc = -1;

    if (file_map(&f, path) != 0)
        return -1;
    w->text = xalloc(f.size + 1, 1);
    if (file_copy_data(w->text, &f) != 0 || index_lines(w, f.size, path) != 0)
        goto out;
    for (int i = 0; i < N_SPECIAL; i++) {
        uint32_t hash;
        w->special[i] = find_text(w, false, special_name[i], strlen(special_name[i]), &hash)->id;
        if (w->special[i] < 0 && i != MASK) {
            fail(FAIL_INPUT, "'%s' has no %s in its %d lines", path, special_name[i], w->n);
            goto out;
        }
    }
    rc = 0;
out:
    file_unmap(&f);
    return rc;
}

/* The boolean of a key. If it is absent or null, *VALUE stays as it is. */
static int get_bool(bool *value, const json_t *object, const char *key, const char *path)
{
    const json_t *v = json_object_get(object, key);

    if (!v || json_is_null(v))
        return 0;
    if (!json_is_boolean(v))
        return fail(FAIL_INPUT, "'%s': '%s' must be true, false or null", path, key);
    *value = json_is_true(v);
    return 0;
}

static int load_config(struct wordpiece *w, const char *path)
{
    json_error_t err;
    int rc = -1;

    w->lower = w->strip = w->cjk = true;
    if (!file_exists(path))
        return 0;
    json_t *root = json_load_file(path, 0, &err);
    if (!root)
        return fail(FAIL_INPUT, "'%s' line %d: %s", path, err.line, err.text);
    if (!json_is_object(root)) {
        fail(FAIL_INPUT, "'%s' is not a JSON object", path);
        goto out;
    }
    if (get_bool(&w->lower, root, "do_lower_case", path) != 0)
        goto out;
    w->strip = w->lower;
    if (get_bool(&w->strip, root, "strip_accents", path) != 0 ||
        get_bool(&w->cjk, root, "tokenize_chinese_chars", path) != 0)
        goto out;
    rc = 0;
out:
    json_decref(root);
    return rc;
}

static bool wordpiece_detect(const char *dir)
{
    char *path = path_join(dir, "vocab.txt");
    bool yes = file_exists(path);

    free(path);
    return yes;
}

static void *wordpiece_load(const char *dir)
{
    struct wordpiece *w = xalloc(1, sizeof *w);
    char *vocab = path_join(dir, "vocab.txt"), *config = path_join(dir, "tokenizer_config.json");

    if (load_config(w, config) != 0 || load_vocab(w, vocab) != 0) {
        wordpiece_free(w);
        w = NULL;
    }
    free(vocab);
    free(config);
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
        int id = find_slot(w, inner, hash[n], p, (size_t)(at[n] - p))->id;
        if (id >= 0) {
            *stop = at[n];
            return id;
        }
    }
    return -1;
}

static void encode_word(const struct wordpiece *w, const char *p, const char *end, size_t n_chars,
                        struct ids *out)
{
    int before = out->n;
    bool inner = false;

    if (n_chars > MAX_WORD_CHARS) {
        ids_push(out, w->special[UNK]);
        return;
    }
    for (; p < end; inner = true) {
        int id = longest_match(w, inner, p, end, &p);
        if (id < 0) {
            out->n = before;
            ids_push(out, w->special[UNK]);
            return;
        }
        ids_push(out, id);
    }
}

/* A text without special tokens: normalize it, and split it at spaces and around punctuation. */
static void encode_plain(const struct wordpiece *w, const char *text, size_t size, struct ids *out)
{
    size_t n_text, n_chars = 0;
    char *norm = norm_bert(text, size, true, w->cjk, w->lower, w->strip, &n_text);
    const char *p = norm, *end = norm + n_text, *word = p;

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
    free(norm);
}

/* The first special token that is spelled out between P and END, or NULL. */
static const char *next_special(const struct wordpiece *w, const char *p, const char *end,
                                int *which)
{
    for (; p < end && (p = memchr(p, '[', (size_t)(end - p))) != NULL; p++)
        for (int i = 0; i < N_SPECIAL; i++) {
            size_t n = strlen(special_name[i]);
            if (w->special[i] >= 0 && (size_t)(end - p) >= n &&
                memcmp(p, special_name[i], n) == 0) {
                *which = i;
                return p;
            }
        }
    return NULL;
}

static void wordpiece_encode(void *state, const char *text, size_t size, struct ids *out)
{
    const struct wordpiece *w = state;
    const char *p = text, *end = text + size, *at;
    int which = 0;

    while ((at = next_special(w, p, end, &which)) != NULL) {
        encode_plain(w, p, (size_t)(at - p), out);
        ids_push(out, w->special[which]);
        p = at + strlen(special_name[which]);
    }
    encode_plain(w, p, (size_t)(end - p), out);
}

static const char *wordpiece_piece(void *state, int id)
{
    const struct wordpiece *w = state;

    return id >= 0 && id < w->n ? w->piece[id].text : NULL;
}

static int wordpiece_vocab(void *state)
{
    return ((const struct wordpiece *)state)->n;
}

static void wordpiece_specials(void *state, int *cls, int *sep, int *pad, int *unk)
{
    const struct wordpiece *w = state;

    *cls = w->special[CLS];
    *sep = w->special[SEP];
    *pad = w->special[PAD];
    *unk = w->special[UNK];
}

const struct tok_kind tok_kind_wordpiece = {
    .name = "wordpiece",
    .source = "Devlin et al. 2019; the tokenizers package's BertNormalizer and WordPiece",
    .detect = wordpiece_detect,
    .load = wordpiece_load,
    .free = wordpiece_free,
    .encode = wordpiece_encode,
    .piece = wordpiece_piece,
    .vocab = wordpiece_vocab,
    .specials = wordpiece_specials,
};
