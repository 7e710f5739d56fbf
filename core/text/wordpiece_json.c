/* wordpiece_json.c - reading tokenizer.json, the format of the tokenizers package, as far as it
 * describes BERT's WordPiece. */
#include "core/text/wordpiece.h"
#include "core/text/layout.h"

#include <stdlib.h>
#include <string.h>

/* The part KEY must have the "type" WANTED. A model without a type, as old files have it, is
 * recognized by its keys. */
static int check_type(const json_t *root, const char *key, const char *wanted, const char *path)
{
    const json_t *part = json_object_get(root, key), *type = json_object_get(part, "type");
    const char *name = json_string_value(type);

    if (name && strcmp(name, wanted) == 0)
        return 0;
    if (!type && json_is_object(json_object_get(part, "vocab")) &&
        json_object_get(part, "max_input_chars_per_word") && !json_object_get(part, "merges"))
        return 0;
    return fail(FAIL_INPUT, "'%s': the %s is %s%s%s; only %s is supported", path, key,
                name ? "'" : "", name ? name : "missing", name ? "'" : "", wanted);
}

static int read_normalizer(struct wordpiece_spec *s, const json_t *root)
{
    const json_t *n = json_object_get(root, "normalizer");

    if (!n || json_is_null(n))
        return 0;
    if (check_type(root, "normalizer", "BertNormalizer", s->tok.path) != 0)
        return -1;
    s->clean = s->cjk = s->lower = true;
    if (json_flag(&s->clean, n, "clean_text", s->tok.path) != 0 ||
        json_flag(&s->cjk, n, "handle_chinese_chars", s->tok.path) != 0 ||
        json_flag(&s->lower, n, "lowercase", s->tok.path) != 0)
        return -1;
    s->strip = s->lower;
    return json_flag(&s->strip, n, "strip_accents", s->tok.path);
}

static int read_model(struct wordpiece_spec *s, const json_t *root)
{
    const json_t *model = json_object_get(root, "model");
    const json_t *unk = json_object_get(model, "unk_token");
    const json_t *prefix = json_object_get(model, "continuing_subword_prefix");
    const json_t *most = json_object_get(model, "max_input_chars_per_word");
    const char *text = prefix ? json_string_value(prefix) : "##";

    if (check_type(root, "model", "WordPiece", s->tok.path) != 0)
        return -1;
    s->tok.vocab = json_incref(json_object_get(model, "vocab"));
    if (!json_is_object(s->tok.vocab))
        return fail(FAIL_INPUT, "'%s': the model's 'vocab' must be an object", s->tok.path);
    /* The beginning of a word must not look like a continuation. */
    if (!text || !*text || strspn(text, "#@_+-=~.*") != strlen(text))
        return fail(FAIL_INPUT, "'%s': continuing_subword_prefix is '%s'; it must be like '##'",
                    s->tok.path, text ? text : "not a string");
    if (most && (!json_is_integer(most) || json_integer_value(most) < 1 ||
                 json_integer_value(most) > MAX_WORD_CHARS))
        return fail(FAIL_INPUT, "'%s': max_input_chars_per_word must be from 1 to %d", s->tok.path,
                    MAX_WORD_CHARS);
    if (unk && !json_is_string(unk))
        return fail(FAIL_INPUT, "'%s': the model's 'unk_token' must be a string", s->tok.path);
    s->prefix = xstrdup(text);
    s->max_chars = most ? (int)json_integer_value(most) : WORD_CHARS;
    s->tok.special[TOK_UNK] = xstrdup(unk ? json_string_value(unk) : "[UNK]");
    return spec_check_vocab(&s->tok);
}

int wordpiece_spec_json(struct wordpiece_spec *s, const json_t *root)
{
    if (read_model(s, root) != 0 || read_normalizer(s, root) != 0 ||
        check_type(root, "pre_tokenizer", "BertPreTokenizer", s->tok.path) != 0 ||
        spec_json_added(&s->tok, root) != 0 || layout_json(&s->tok, root) != 0)
        return -1;
    return s->tok.special[TOK_CLS]
               ? 0
               : fail(FAIL_INPUT, "'%s': the post_processor adds no special tokens, such as [CLS]",
                      s->tok.path);
}
