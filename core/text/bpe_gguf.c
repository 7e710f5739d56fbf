/* bpe_gguf.c - the tokenizer in the keys "tokenizer.ggml.*" of a GGUF file, as docs/gguf.md in ggml
 * describes them. */
#include "core/text/bpe.h"
#include "core/format/gguf.h"
#include "core/text/layout.h"

#include <stdlib.h>
#include <string.h>

#define GGML "tokenizer.ggml."
enum { TYPE_UNKNOWN = 2, TYPE_CONTROL = 3, TYPE_USER_DEFINED = 4 };

/* The pre-tokenizers by their names in llama.cpp: what splits before GPT-2's pattern, or PATTERN
 * instead of it. */
static const char llama3[] =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+"
    "[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
static const struct pre {
    const char *name;
    bool digits;
    const char *pattern;
    bool bos, ignore_merges; /* unless the file says it */
} pres[] = {
    { "gpt-2", false, pretok_gpt2, false, false },
    { "phi-2", false, pretok_gpt2, false, false },
    { "olmo", false, pretok_gpt2, false, false },
    { "smollm", true, pretok_gpt2, false, false },
    { "starcoder", true, pretok_gpt2, false, false },
    { "refact", true, pretok_gpt2, false, false },
    { "command-r", true, pretok_gpt2, false, false },
    { "codeshell", true, pretok_gpt2, false, false },
    { "llama-bpe", false, llama3, true, true },
};

static int check_text(const struct gguf *g, const char *path, const char *key, const char *wanted)
{
    char *text = gguf_string(gguf_find(g, key));
    int rc =
        text && strcmp(text, wanted) == 0
            ? 0
            : fail(FAIL_INPUT, "'%s': %s is %s%s%s; only '%s', byte-level BPE, is supported", path,
                   key, text ? "'" : "", text ? text : "missing", text ? "'" : "", wanted);

    free(text);
    return rc;
}

static const struct pre *find_pre(const struct gguf *g, const char *path)
{
    char *name = gguf_string(gguf_find(g, GGML "pre"));
    const struct pre *found = NULL;
    struct text known = { 0 };

    for (size_t i = 0; i < ARRAY_LEN(pres); i++) {
        if (name && strcmp(name, pres[i].name) == 0)
            found = &pres[i];
        text_join(&known, ", ", "%s", pres[i].name);
    }
    if (!found)
        fail(FAIL_INPUT, "'%s': %s is %s%s%s; supported are %s", path, GGML "pre", name ? "'" : "",
             name ? name : "missing", name ? "'" : "", text_string(&known));
    text_free(&known);
    free(name);
    return found;
}

/* The token types say which tokens are recognized in a text. */
static int add_typed(struct bpe_spec *s, const struct gguf *g, const char *const *text,
                     const size_t *size, long n)
{
    const struct gguf_value *types = gguf_find(g, GGML "token_type");

    if (types && (long)types->count != n)
        return fail(FAIL_INPUT, "'%s': %s has %zu entries, but there are %ld tokens", s->tok.path,
                    GGML "token_type", types->count, n);
    for (long i = 0; i < n; i++) {
        double type = 1;
        gguf_number(&type, types, (size_t)i);
        if (type != TYPE_UNKNOWN && type != TYPE_CONTROL && type != TYPE_USER_DEFINED)
            continue;
        char *copy = xprintf("%.*s", (int)size[i], text[i]);
        struct added_token t = { .text = copy, .id = (int)i, .special = type != TYPE_USER_DEFINED };
        int rc = spec_add(&s->tok, &t, s->tok.path);
        free(copy);
        if (rc != 0)
            return -1;
    }
    return 0;
}

static int read_tokens(struct bpe_spec *s, const struct gguf *g)
{
    const char **text;
    size_t *size;
    long n = gguf_strings(&text, &size, gguf_find(g, GGML "tokens"));
    int rc = 0;

    if (n < 1 || n > MAX_ID)
        return fail(FAIL_INPUT, "'%s': %s must be a list of 1 to %d strings", s->tok.path,
                    GGML "tokens", MAX_ID);
    s->tok.vocab = json_object();
    for (long i = 0; i < n && rc == 0; i++) {
        if (memchr(text[i], 0, size[i]))
            rc = fail(FAIL_INPUT, "'%s': token %ld has a NUL byte", s->tok.path, i);
        else if (json_object_getn(s->tok.vocab, text[i], size[i]))
            rc = fail(FAIL_INPUT, "'%s': two tokens are '%.*s', one of them is %ld", s->tok.path,
                      (int)size[i], text[i], i);
        else if (json_object_setn_new_nocheck(s->tok.vocab, text[i], size[i], json_integer(i)) != 0)
            rc = fail(FAIL_MEMORY, "no memory for %ld tokens", n);
    }
    if (rc == 0)
        rc = add_typed(s, g, text, size, n);
    free(text);
    free(size);
    return rc;
}

static int read_merges(struct bpe_spec *s, const struct gguf *g)
{
    const char **text;
    size_t *size;
    long n = gguf_strings(&text, &size, gguf_find(g, GGML "merges"));
    int rc = 0;

    if (n < 0)
        return fail(FAIL_INPUT, "'%s': %s must be a list of strings", s->tok.path, GGML "merges");
    for (long i = 0; i < n && rc == 0; i++) {
        char *where = xprintf("'%s': merge %ld", s->tok.path, i + 1);
        const char *space = memchr(text[i], ' ', size[i]);
        size_t a = space ? (size_t)(space - text[i]) : 0;
        rc = !space ? fail(FAIL_INPUT, "%s must be two pieces with a space between them", where)
                    : bpe_add_merge(s, text[i], a, space + 1, size[i] - a - 1, where);
        free(where);
    }
    free(text);
    free(size);
    return rc;
}

/* The special tokens are given by their ids. */
static int read_roles(struct bpe_spec *s, const struct gguf *g)
{
    static const char *const keys[N_TOK_ROLE] = {
        [TOK_BOS] = GGML "bos_token_id",     [TOK_EOS] = GGML "eos_token_id",
        [TOK_UNK] = GGML "unknown_token_id", [TOK_SEP] = GGML "seperator_token_id",
        [TOK_PAD] = GGML "padding_token_id", [TOK_CLS] = GGML "cls_token_id",
        [TOK_MASK] = GGML "mask_token_id",
    };
    double n = (double)json_object_size(s->tok.vocab);

    for (int i = 0; i < N_TOK_ROLE; i++) {
        double id;
        s->tok.role[i] = -1;
        if (!gguf_number(&id, gguf_find(g, keys[i]), 0))
            continue;
        if (!(id >= 0 && id < n))
            return fail(FAIL_INPUT, "'%s': %s is %.0f, but there are %.0f tokens", s->tok.path,
                        keys[i], id, n);
        s->tok.role[i] = (int)id;
    }
    return 0;
}

static int read_steps(struct bpe_spec *s, const struct gguf *g, const struct pre *pre)
{
    const char *path = s->tok.path;
    double space = 0, bos = pre->bos, eos = 0;

    gguf_number(&space, gguf_find(g, GGML "add_space_prefix"), 0);
    gguf_number(&bos, gguf_find(g, GGML "add_bos_token"), 0);
    gguf_number(&eos, gguf_find(g, GGML "add_eos_token"), 0);
    layout_ends(&s->tok.layout, bos != 0 ? s->tok.role[TOK_BOS] : -1,
                eos != 0 ? s->tok.role[TOK_EOS] : -1);
    s->ignore_merges = pre->ignore_merges;
    s->pretok = pretok_new();
    if (space != 0)
        pretok_add_space(s->pretok);
    if (pre->digits && pretok_add(s->pretok, "\\p{N}", false, false, path) != 0)
        return -1;
    return pretok_add(s->pretok, pre->pattern, false, false, path);
}

int bpe_gguf(struct bpe_spec *s, const char *path)
{
    struct st_file st = { 0 };
    struct gguf g = { 0 };
    const struct pre *pre;
    int rc = -1;

    s->tok.path = xstrdup(path);
    if (gguf_open(&st, &g, path) == 0 && check_text(&g, path, GGML "model", "gpt2") == 0 &&
        (pre = find_pre(&g, path)) && read_tokens(s, &g) == 0 && read_merges(s, &g) == 0 &&
        read_roles(s, &g) == 0)
        rc = read_steps(s, &g, pre);
    gguf_free(&g);
    st_close(&st);
    return rc;
}
