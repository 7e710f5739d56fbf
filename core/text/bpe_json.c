/* bpe_json.c - reading tokenizer.json, the format of the tokenizers package, as far as it describes
 * byte-level BPE. */
#include "core/text/bpe.h"
#include "core/text/layout.h"

#include <stdlib.h>
#include <string.h>

/* Settings that must have the value that byte-level BPE has without them. */
static int check_model(const json_t *model, const char *path)
{
    static const char *const texts[] = { "continuing_subword_prefix", "end_of_word_suffix" };
    const json_t *dropout = json_object_get(model, "dropout");

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        const json_t *v = json_object_get(model, texts[i]);
        if (v && !json_is_null(v) && json_string_length(v) > 0)
            return fail(FAIL_INPUT,
                        "'%s': the model's %s is '%s'; only BPE without it is "
                        "supported",
                        path, texts[i], json_string_value(v));
    }
    if (json_number_value(dropout) != 0)
        return fail(FAIL_INPUT, "'%s': the model's dropout is %g; it must be 0 or null", path,
                    json_number_value(dropout));
    if (json_is_true(json_object_get(model, "byte_fallback")))
        return fail(FAIL_INPUT,
                    "'%s': the model has byte_fallback, as SentencePiece has it; only "
                    "byte-level BPE is supported",
                    path);
    return 0;
}

/* A merge is "a b" or ["a", "b"]. */
static int read_merge(struct bpe_spec *s, const json_t *v, const char *where)
{
    const char *text = json_string_value(v), *space = text ? strchr(text, ' ') : NULL;
    const json_t *a = json_array_get(v, 0), *b = json_array_get(v, 1);

    if (space && !strchr(space + 1, ' '))
        return bpe_add_merge(s, text, (size_t)(space - text), space + 1, strlen(space + 1), where);
    if (json_array_size(v) == 2 && json_is_string(a) && json_is_string(b))
        return bpe_add_merge(s, json_string_value(a), json_string_length(a), json_string_value(b),
                             json_string_length(b), where);
    return fail(FAIL_INPUT, "%s must be two pieces, such as \"a b\" or [\"a\", \"b\"]", where);
}

static int read_merges(struct bpe_spec *s, const json_t *list)
{
    int rc = json_is_array(list)
                 ? 0
                 : fail(FAIL_INPUT, "'%s': the model's 'merges' must be a list", s->tok.path);

    for (size_t i = 0; i < json_array_size(list) && rc == 0; i++) {
        char *where = xprintf("'%s': merge %zu", s->tok.path, i + 1);
        rc = read_merge(s, json_array_get(list, i), where);
        free(where);
    }
    return rc;
}

static int read_model(struct bpe_spec *s, const json_t *root)
{
    const json_t *model = json_object_get(root, "model");
    const json_t *unk = json_object_get(model, "unk_token");
    const char *path = s->tok.path;

    if (check_model(model, path) != 0)
        return -1;
    s->tok.vocab = json_incref(json_object_get(model, "vocab"));
    if (!json_is_object(s->tok.vocab))
        return fail(FAIL_INPUT, "'%s': the model's 'vocab' must be an object", path);
    if (unk && !json_is_null(unk) && !json_is_string(unk))
        return fail(FAIL_INPUT, "'%s': the model's 'unk_token' must be a string or null", path);
    if (json_is_string(unk) && !json_object_get(s->tok.vocab, json_string_value(unk)))
        return fail(FAIL_INPUT, "'%s': the model's unk_token '%s' is not in its vocabulary", path,
                    json_string_value(unk));
    s->unk = json_is_string(unk) ? xstrdup(json_string_value(unk)) : NULL;
    if (json_flag(&s->fuse_unk, model, "fuse_unk", path) != 0 ||
        json_flag(&s->ignore_merges, model, "ignore_merges", path) != 0 ||
        spec_check_vocab(&s->tok) != 0)
        return -1;
    return read_merges(s, json_object_get(model, "merges"));
}

static int check_normalizer(const json_t *root, const char *path)
{
    const json_t *n = json_object_get(root, "normalizer");
    const char *type = json_string_value(json_object_get(n, "type"));

    if (!n || json_is_null(n) ||
        (type && strcmp(type, "Sequence") == 0 &&
         json_array_size(json_object_get(n, "normalizers")) == 0))
        return 0;
    return fail(FAIL_INPUT,
                "'%s': the normalizer is '%s'; byte-level BPE is supported only "
                "without one",
                path, type ? type : "of no type");
}

/* Is there a ByteLevel in the pre-tokenizer, without which words are not bytes? */
static bool is_byte_level(const json_t *part)
{
    const char *type = json_string_value(json_object_get(part, "type"));
    const json_t *list = json_object_get(part, "pretokenizers");
    bool found = type && strcmp(type, "ByteLevel") == 0;

    for (size_t i = 0; i < json_array_size(list); i++)
        found |= is_byte_level(json_array_get(list, i));
    return found;
}

static int read_steps(struct bpe_spec *s, const struct tok_folder *f)
{
    const json_t *part = json_object_get(f->json, "pre_tokenizer");
    const char *path = s->tok.path;

    s->pretok = pretok_new();
    if (pretok_json(s->pretok, part, path) != 0)
        return -1;
    if (!is_byte_level(part))
        return fail(FAIL_INPUT,
                    "'%s': the pre_tokenizer has no ByteLevel; only byte-level BPE is "
                    "supported",
                    path);
    bool has = pretok_prefixes(s->pretok), asked = has;
    if (json_flag(&asked, f->config, "add_prefix_space", f->config_path) != 0)
        return -1;
    if (asked != has)
        return fail(FAIL_INPUT,
                    "'%s': add_prefix_space is %s, but the pre_tokenizer in '%s' says %s",
                    f->config_path, asked ? "true" : "false", path, has ? "true" : "false");
    return 0;
}

/* The layout names tokens, which are recognized in a text only if they are added tokens. What
 * stands before and after a text is the post_processor's matter alone: beside tokenizer.json,
 * transformers 5.24 reads neither add_bos_token nor add_eos_token of tokenizer_config.json. */
static int read_specials(struct bpe_spec *s, const struct tok_folder *f)
{
    static const struct tok_default none[N_TOK_ROLE];
    struct tok_spec *t = &s->tok;

    if (layout_json(t, f->json) != 0)
        return -1;
    for (int i = 0; i < N_TOK_ROLE; i++) {
        free(t->special[i]);
        t->special[i] = NULL;
    }
    if (spec_tokens(t, f, none) != 0)
        return -1;
    const struct tok_run *run = t->layout.one;
    if (t->role[TOK_CLS] < 0 && run[0].n > 0 && run[1].n > 0)
        t->role[TOK_CLS] = run[0].id[0];
    if (t->role[TOK_SEP] < 0 && run[0].n > 0 && run[1].n > 0)
        t->role[TOK_SEP] = run[1].id[run[1].n - 1];
    return 0;
}

int bpe_json(struct bpe_spec *s, const struct tok_folder *f)
{
    s->tok.path = xstrdup(f->json_path);
    if (read_model(s, f->json) != 0 || check_normalizer(f->json, s->tok.path) != 0 ||
        read_steps(s, f) != 0 || spec_json_added(&s->tok, f->json) != 0)
        return -1;
    return read_specials(s, f);
}
