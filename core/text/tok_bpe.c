/* tok_bpe.c - byte-level BPE: added tokens first, then words, then merges. The ids are those of the
 * tokenizers package (ByteLevel, BPE). A byte that is not UTF-8, which a string of Python cannot
 * contain, is kept: such bytes are a word of their own. */
#include "core/format/weights.h"
#include "core/os/file.h"
#include "core/text/bpe.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct bpe {
    struct bpe_spec spec;
    struct bpe_words *words;
    const char **text; /* [n] of an id; NULL: there is no such id */
    bool *raw;         /* [n] the text is bytes, not characters for bytes */
    int n;
    struct added_set *first, *second; /* looked for one after the other */
    pthread_mutex_t lock;             /* of words and spec.pretok */
};

/* Bytes 0 to 32, 127 to 160, and 173 have no printable character; they take those from U+0100 on.
 */
uint32_t bpe_char(unsigned char b)
{
    return b <= 32 ? 256u + b : b >= 127 && b <= 160 ? 162u + b : b == 173 ? 323 : b;
}

int bpe_byte(uint32_t c)
{
    if (c < 256)
        return bpe_char((unsigned char)c) == c ? (int)c : -1;
    return c <= 288 ? (int)c - 256 : c <= 322 ? (int)c - 162 : c == 323 ? 173 : -1;
}

static void bpe_free(void *state)
{
    struct bpe *b = state;

    if (!b)
        return;
    bpe_words_free(b->words);
    bpe_spec_free(&b->spec);
    added_set_free(b->first);
    added_set_free(b->second);
    free(b->text);
    free(b->raw);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

/* Added tokens are texts as they are, whatever the vocabulary says. */
static void index_ids(struct bpe *b)
{
    const struct tok_spec *s = &b->spec.tok;
    const char *text;
    const json_t *id;

    b->text = xalloc((size_t)b->n + 1, sizeof *b->text);
    b->raw = xalloc((size_t)b->n + 1, sizeof *b->raw);
    json_object_foreach(s->vocab, text, id)
    {
        b->text[json_integer_value(id)] = text;
    }
    for (int i = 0; i < s->added.n; i++) {
        b->text[s->added.t[i].id] = s->added.t[i].text;
        b->raw[s->added.t[i].id] = true;
    }
}

static void index_added(struct bpe *b)
{
    const struct added none = { 0 }, *a = b->spec.unmatched ? &none : &b->spec.tok.added;
    char **text = xalloc((size_t)a->n + 1, sizeof *text);
    size_t *size = xalloc((size_t)a->n + 1, sizeof *size);

    for (int i = 0; i < a->n; i++) {
        text[i] = a->t[i].text;
        size[i] = strlen(text[i]);
    }
    b->first = added_set_make(a, false, text, size);
    b->second = added_set_make(a, true, text, size);
    free(text);
    free(size);
}

/* The GGUF file that is the model's weights; NULL: there is none. The caller frees it. */
static char *gguf_in(const char *dir)
{
    char *path = weights_are_in(dir, WEIGHTS_OF_MODEL) ? weights_in(dir, WEIGHTS_OF_MODEL) : NULL;

    if (path && weights_path_is_gguf(path))
        return path;
    free(path);
    return NULL;
}

static bool bpe_detect(const struct tok_folder *f)
{
    const char *vocab, *merges;

    if (file_in(f->dir, "vocab.txt"))
        return false;
    char *gguf = gguf_in(f->dir);
    bool found = gguf || bpe_files_names(f->dir, &vocab, &merges);
    free(gguf);
    return found;
}

static int read_spec(struct bpe_spec *s, const struct tok_folder *f)
{
    const char *vocab, *merges;

    if (f->json)
        return bpe_json(s, f);
    if (bpe_files_names(f->dir, &vocab, &merges))
        return bpe_files(s, f);
    char *gguf = gguf_in(f->dir);
    int rc = bpe_gguf(s, gguf);
    free(gguf);
    return rc;
}

static void *bpe_load(const struct tok_folder *f, struct tok_facts *facts)
{
    struct bpe *b = xalloc(1, sizeof *b);

    pthread_mutex_init(&b->lock, NULL);
    if (read_spec(&b->spec, f) != 0 || bpe_check_merges(&b->spec) != 0) {
        bpe_free(b);
        return NULL;
    }
    spec_facts(facts, &b->spec.tok);
    b->n = facts->vocab;
    b->words = bpe_words_new(&b->spec);
    index_ids(b);
    index_added(b);
    return b;
}

/* --- encoding */

struct target {
    const struct bpe *b;
    struct ids *out;
};

static void encode_word(void *arg, const char *word, size_t size)
{
    const struct target *t = arg;

    bpe_word(t->b->words, word, size, t->out);
}

/* The end of the valid UTF-8 that begins at P. */
static const char *valid_end(const char *p, const char *end)
{
    while (p < end) {
        const char *at = p;
        if ((unsigned char)*p < 128)
            p++;
        else if (utf8_next(&p, end) == 0xFFFD &&
                 (p - at != 3 || memcmp(at, "\xEF\xBF\xBD", 3) != 0))
            return at;
    }
    return end;
}

/* The end of the bytes from P on that are not UTF-8. */
static const char *invalid_end(const char *p, const char *end)
{
    while (p < end && valid_end(p, p + 4 < end ? p + 4 : end) == p)
        p++;
    return p;
}

/* Text without added tokens. */
static void encode_plain(const struct bpe *b, const char *p, const char *end, struct ids *out)
{
    struct target t = { b, out };

    while (p < end) {
        const char *stop = valid_end(p, end);
        pretok_split(b->spec.pretok, p, (size_t)(stop - p), encode_word, &t);
        p = stop;
        if (p < end) {
            stop = invalid_end(p, end);
            bpe_word(b->words, p, (size_t)(stop - p), out);
            p = stop;
        }
    }
}

/* Text without the tokens of B->first. */
static void encode_rest(const struct bpe *b, const char *p, const char *end, struct ids *out)
{
    const char *start = p, *at, *stop;
    int id;

    while ((at = added_next(b->second, start, p, end, &stop, &id)) != NULL) {
        encode_plain(b, p, at, out);
        ids_push(out, id);
        p = stop;
    }
    encode_plain(b, p, end, out);
}

static void bpe_encode(void *state, const char *text, size_t size, struct ids *out)
{
    struct bpe *b = state;
    const char *p = text, *end = text + size, *at, *stop;
    int id;

    pthread_mutex_lock(&b->lock);
    while ((at = added_next(b->first, text, p, end, &stop, &id)) != NULL) {
        encode_rest(b, p, at, out);
        ids_push(out, id);
        p = stop;
    }
    encode_rest(b, p, end, out);
    pthread_mutex_unlock(&b->lock);
}

/* --- decoding */

static const char *bpe_piece(void *state, int id)
{
    const struct bpe *b = state;

    return id >= 0 && id < b->n ? b->text[id] : NULL;
}

/* As in the tokenizers package, a piece with a character that stands for no byte is a text. */
static void put_piece(struct text *out, const char *piece, bool raw)
{
    size_t before = out->n;

    for (const char *p = piece, *end = p + strlen(p); p < end && !raw;) {
        int byte = bpe_byte(utf8_next(&p, end));
        char c = (char)byte;
        raw = byte < 0;
        if (!raw)
            text_put(out, &c, 1);
    }
    if (raw) {
        out->n = before;
        text_put(out, piece, strlen(piece));
    }
}

static void bpe_decode(void *state, const int *id, int n, struct text *out)
{
    const struct bpe *b = state;

    for (int i = 0; i < n; i++)
        if (bpe_piece(state, id[i]))
            put_piece(out, b->text[id[i]], b->raw[id[i]]);
}

const struct tok_kind tok_kind_bpe = {
    .name = "bpe",
    .source = "Radford et al. 2019; the tokenizers package's ByteLevel and BPE",
    .model = "BPE",
    .detect = bpe_detect,
    .load = bpe_load,
    .free = bpe_free,
    .encode = bpe_encode,
    .decode = bpe_decode,
    .piece = bpe_piece,
};
