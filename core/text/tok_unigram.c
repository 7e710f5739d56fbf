/* tok_unigram.c - SentencePiece's unigram model: added tokens first, then normalization, then the
 * best split into pieces. The ids are those of SentencePiece itself for spm.model, which
 * transformers 4 follows and transformers 5 does not (it ignores the file's normalization), and
 * those of the tokenizers package for tokenizer.json. */
#include "core/os/file.h"
#include "core/text/unigram.h"

#include <stdlib.h>
#include <string.h>

struct unigram {
    struct unigram_spec spec;
    struct unigram_trie *trie;
    struct added_set *first, *second; /* looked for before and after normalization */
    const char **text;                /* [n] of an id; NULL: there is no such id */
    int n;
};

void unigram_spec_free(struct unigram_spec *s)
{
    for (int i = 0; i < s->n; i++)
        free(s->piece[i].text);
    free(s->piece);
    for (int i = 0; i < s->n_steps; i++) {
        charsmap_free(&s->step[i].map);
        pcre2_code_free(s->step[i].pattern);
        free(s->step[i].text);
    }
    free(s->step);
    charsmap_free(&s->map);
    spec_free(&s->tok);
}

int unigram_add(struct unigram_spec *s, const char *text, size_t size, double score,
                enum unigram_type type, const char *where)
{
    char *copy = xprintf("%.*s", (int)size, text);
    json_t *id = json_integer(s->n);
    int rc = 0;

    if (size == 0 || strlen(copy) != size)
        rc = fail(FAIL_INPUT, "%s must be a string without NUL that is not empty", where);
    else if (s->n >= MAX_ID)
        rc = fail(FAIL_INPUT, "%s is one too many; there may be %d", where, MAX_ID);
    else if (json_object_get(s->tok.vocab, copy))
        rc = fail(FAIL_INPUT, "%s is '%s', which is also piece %d; a piece must be listed once",
                  where, copy, (int)json_integer_value(json_object_get(s->tok.vocab, copy)));
    else if (json_object_set(s->tok.vocab, copy, id) != 0)
        rc = fail(FAIL_INPUT, "%s is not UTF-8", where);
    json_decref(id);
    if (rc != 0) {
        free(copy);
        return -1;
    }
    if ((s->n & (s->n - 1)) == 0)
        s->piece = xgrow(s->piece, s->n ? 2 * (size_t)s->n : 1, sizeof *s->piece);
    s->piece[s->n++] = (struct unigram_piece){ copy, score, type };
    return 0;
}

static void unigram_free(void *state)
{
    struct unigram *u = state;

    if (!u)
        return;
    unigram_trie_free(u->trie);
    added_set_free(u->first);
    added_set_free(u->second);
    unigram_spec_free(&u->spec);
    free(u->text);
    free(u);
}

/* The added tokens of A as they are looked for, in the text or in the normalized text. */
static void index_added(struct unigram *u)
{
    const struct added *a = &u->spec.tok.added;
    char **text = xalloc((size_t)a->n + 1, sizeof *text);
    size_t *size = xalloc((size_t)a->n + 1, sizeof *size);

    for (int i = 0; i < a->n; i++) {
        struct text to = { 0 };
        if (a->t[i].normalized && !u->spec.is_spm)
            unigram_normalize(&u->spec, a->t[i].text, strlen(a->t[i].text), &to);
        else
            text_put(&to, a->t[i].text, strlen(a->t[i].text));
        size[i] = to.n;
        text[i] = text_take(&to);
    }
    u->first = added_set_make(a, false, text, size);
    u->second = added_set_make(a, true, text, size);
    for (int i = 0; i < a->n; i++)
        free(text[i]);
    free(text);
    free(size);
}

static void index_ids(struct unigram *u)
{
    const struct unigram_spec *s = &u->spec;

    u->text = xalloc((size_t)u->n + 1, sizeof *u->text);
    for (int i = 0; i < s->n; i++)
        u->text[i] = s->piece[i].text;
    for (int i = 0; i < s->tok.added.n; i++)
        u->text[s->tok.added.t[i].id] = s->tok.added.t[i].text;
}

static bool unigram_detect(const struct tok_folder *f)
{
    return !file_in(f->dir, "vocab.txt") && file_in(f->dir, "spm.model");
}

static void *unigram_load(const struct tok_folder *f, struct tok_facts *facts)
{
    struct unigram *u = xalloc(1, sizeof *u);

    if ((f->json ? unigram_json : unigram_spm)(&u->spec, f) != 0) {
        unigram_free(u);
        return NULL;
    }
    spec_facts(facts, &u->spec.tok);
    u->n = facts->vocab;
    u->trie = unigram_trie_new(&u->spec);
    for (int i = 0; i < u->spec.n; i++)
        if (u->spec.piece[i].type == UNIGRAM_USER)
            u->spec.user = u->trie;
    index_ids(u);
    index_added(u);
    return u;
}

/* --- encoding */

/* Words begin at the character for a space. */
static void split_words(const struct unigram *u, const char *p, size_t size, struct ids *out)
{
    const char *end = p + size, *start = p;

    for (; p < end && u->spec.split; p++)
        if (p > start && (size_t)(end - p) >= UNIGRAM_SPACE_SIZE &&
            memcmp(p, UNIGRAM_SPACE, UNIGRAM_SPACE_SIZE) == 0) {
            unigram_split(u->trie, start, (size_t)(p - start), out);
            start = p;
        }
    unigram_split(u->trie, start, (size_t)(end - start), out);
}

/* Normalized text without added tokens; AT_START: it is the beginning of the whole text. */
static void encode_metaspace(const struct unigram *u, const char *p, size_t size, bool at_start,
                             struct ids *out)
{
    struct text to = { 0 };
    bool has = size >= UNIGRAM_SPACE_SIZE && memcmp(p, UNIGRAM_SPACE, UNIGRAM_SPACE_SIZE) == 0;
    bool prepend =
        u->spec.prepend == PREPEND_ALWAYS || (u->spec.prepend == PREPEND_FIRST && at_start);

    if (size == 0)
        return;
    if (prepend && !has && *p != ' ')
        text_put(&to, UNIGRAM_SPACE, UNIGRAM_SPACE_SIZE);
    for (size_t i = 0; i < size; i++)
        text_put(&to, p[i] == ' ' ? UNIGRAM_SPACE : p + i, p[i] == ' ' ? UNIGRAM_SPACE_SIZE : 1);
    split_words(u, to.s, to.n, out);
    text_free(&to);
}

/* Text without the tokens of u->first. */
static void encode_rest(const struct unigram *u, const char *text, size_t size, bool at_start,
                        struct ids *out)
{
    struct text to = { 0 };
    int id;

    unigram_normalize(&u->spec, text, size, &to);
    const char *start = text_string(&to), *p = start, *end = start + to.n, *at, *stop;
    while (!u->spec.is_spm && (at = added_next(u->second, start, p, end, &stop, &id)) != NULL) {
        encode_metaspace(u, p, (size_t)(at - p), at_start && p == start, out);
        ids_push(out, id);
        p = stop;
    }
    if (u->spec.is_spm)
        unigram_split(u->trie, p, (size_t)(end - p), out);
    else
        encode_metaspace(u, p, (size_t)(end - p), at_start && p == start, out);
    text_free(&to);
}

static void unigram_encode(void *state, const char *text, size_t size, struct ids *out)
{
    const struct unigram *u = state;
    const char *p = text, *end = text + size, *at, *stop;
    int id;

    while ((at = added_next(u->first, text, p, end, &stop, &id)) != NULL) {
        encode_rest(u, p, (size_t)(at - p), p == text, out);
        ids_push(out, id);
        p = stop;
    }
    encode_rest(u, p, (size_t)(end - p), p == text, out);
}

/* --- decoding */

static const char *unigram_piece(void *state, int id)
{
    const struct unigram *u = state;

    return id >= 0 && id < u->n ? u->text[id] : NULL;
}

static bool is_byte(const struct unigram *u, const char *piece, unsigned *byte)
{
    char close;

    return u->spec.byte_fallback && strlen(piece) == 6 &&
           sscanf(piece, "<0x%2x%c", byte, &close) == 2 && close == '>';
}

/* The space that begins a text is not its own. */
static void unigram_decode(void *state, const int *id, int n, struct text *out)
{
    const struct unigram *u = state;
    size_t start = out->n;
    unsigned byte;

    for (int i = 0; i < n; i++) {
        const char *p = unigram_piece(state, id[i]);
        if (p && is_byte(u, p, &byte)) {
            char c = (char)byte;
            text_put(out, &c, 1);
            continue;
        }
        while (p && *p) {
            bool space = strncmp(p, UNIGRAM_SPACE, UNIGRAM_SPACE_SIZE) == 0;
            if (!space)
                text_put(out, p, 1);
            else if (out->n > start)
                text_put(out, " ", 1);
            p += space ? UNIGRAM_SPACE_SIZE : 1;
        }
    }
}

const struct tok_kind tok_kind_unigram = {
    .name = "unigram",
    .source = "Kudo 2018; SentencePiece, and the tokenizers package's Unigram and Metaspace",
    .model = "Unigram",
    .detect = unigram_detect,
    .load = unigram_load,
    .free = unigram_free,
    .encode = unigram_encode,
    .decode = unigram_decode,
    .piece = unigram_piece,
};
