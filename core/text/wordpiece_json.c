/* wordpiece_json.c - reading tokenizer.json, the format of the tokenizers package, as far as it
 * describes BERT's WordPiece. */
#include "core/text/wordpiece.h"
#include "core/base/text.h"
#include "core/format/json.h"

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
    if (check_type(root, "normalizer", "BertNormalizer", s->path) != 0)
        return -1;
    s->clean = s->cjk = s->lower = true;
    if (wordpiece_get_bool(&s->clean, n, "clean_text", s->path) != 0 ||
        wordpiece_get_bool(&s->cjk, n, "handle_chinese_chars", s->path) != 0 ||
        wordpiece_get_bool(&s->lower, n, "lowercase", s->path) != 0)
        return -1;
    s->strip = s->lower;
    return wordpiece_get_bool(&s->strip, n, "strip_accents", s->path);
}

/* Ids may leave gaps, which no text reaches, but of two pieces with one id only one would be found
 * again. */
static int check_ids(const struct wordpiece_spec *s)
{
    unsigned char *seen = xalloc(MAX_ID + 1, 1);
    const char *text;
    const json_t *v;
    int rc = 0;

    json_object_foreach(s->vocab, text, v)
    {
        json_int_t id = json_integer_value(v);
        if (!json_is_integer(v) || id < 0 || id > MAX_ID)
            rc = fail(FAIL_INPUT, "'%s': the id of '%s' must be a whole number from 0 to %d",
                      s->path, text, MAX_ID);
        else if (seen[id])
            rc = fail(FAIL_INPUT, "'%s': two pieces have the id %d, one of them is '%s'", s->path,
                      (int)id, text);
        else
            seen[id] = 1;
        if (rc != 0)
            break;
    }
    free(seen);
    return rc;
}

static int read_model(struct wordpiece_spec *s, const json_t *root)
{
    const json_t *model = json_object_get(root, "model");
    const json_t *unk = json_object_get(model, "unk_token");
    const json_t *prefix = json_object_get(model, "continuing_subword_prefix");
    const json_t *most = json_object_get(model, "max_input_chars_per_word");
    const char *text = prefix ? json_string_value(prefix) : "##";

    if (check_type(root, "model", "WordPiece", s->path) != 0)
        return -1;
    s->vocab = json_incref(json_object_get(model, "vocab"));
    if (!json_is_object(s->vocab))
        return fail(FAIL_INPUT, "'%s': the model's 'vocab' must be an object", s->path);
    /* The beginning of a word must not look like a continuation. */
    if (!text || !*text || strspn(text, "#@_+-=~.*") != strlen(text))
        return fail(FAIL_INPUT, "'%s': continuing_subword_prefix is '%s'; it must be like '##'",
                    s->path, text ? text : "not a string");
    if (most && (!json_is_integer(most) || json_integer_value(most) < 1 ||
                 json_integer_value(most) > MAX_WORD_CHARS))
        return fail(FAIL_INPUT, "'%s': max_input_chars_per_word must be from 1 to %d", s->path,
                    MAX_WORD_CHARS);
    if (unk && !json_is_string(unk))
        return fail(FAIL_INPUT, "'%s': the model's 'unk_token' must be a string", s->path);
    s->prefix = xstrdup(text);
    s->max_chars = most ? (int)json_integer_value(most) : WORD_CHARS;
    s->special[UNK] = xstrdup(unk ? json_string_value(unk) : "[UNK]");
    return check_ids(s);
}

static int read_added(struct wordpiece_spec *s, const json_t *root)
{
    const json_t *list = json_object_get(root, "added_tokens");
    json_t *v;
    size_t i;

    if (list && !json_is_null(list) && !json_is_array(list))
        return fail(FAIL_INPUT, "'%s': 'added_tokens' must be a list", s->path);
    json_array_foreach((json_t *)(uintptr_t)list, i, v)
    {
        struct added_token t = { .text = (char *)(uintptr_t)json_string_value(
                                     json_object_get(v, "content")) };
        const json_t *id = json_object_get(v, "id");
        if (!t.text || !json_is_integer(id) || json_integer_value(id) < 0 ||
            json_integer_value(id) > MAX_ID)
            return fail(FAIL_INPUT, "'%s': added token %zu must have a content and an id", s->path,
                        i + 1);
        t.id = (int)json_integer_value(id);
        if (wordpiece_get_bool(&t.special, v, "special", s->path) != 0)
            return -1;
        t.normalized = !t.special;
        if (wordpiece_get_bool(&t.normalized, v, "normalized", s->path) != 0 ||
            wordpiece_get_bool(&t.single_word, v, "single_word", s->path) != 0 ||
            wordpiece_spec_add(s, &t, s->path) != 0)
            return -1;
    }
    return 0;
}

/* A template such as "[CLS]:0 A:0 [SEP]:0". */
static void template_text(struct text *out, const json_t *list)
{
    json_t *v, *part;
    const char *kind;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)list, i, v) json_object_foreach(v, kind, part)
    {
        const char *id = json_string_value(json_object_get(part, "id"));
        text_join(out, " ", "%s:%d", id ? id : "?",
                  (int)json_integer_value(json_object_get(part, "type_id")));
    }
}

/* The name of the special token I of a template's list. */
static const char *template_special(const json_t *list, size_t i)
{
    const json_t *part = json_object_get(json_array_get(list, i), "SpecialToken");

    return json_string_value(json_object_get(part, "id"));
}

/* Is ID, which the post-processor puts into every text for TEXT, the id of that piece? NULL: the
 * file does not say it. */
static int check_special(const struct wordpiece_spec *s, const char *text, const json_t *id)
{
    const json_t *piece = json_object_get(s->vocab, text);
    json_int_t own = piece ? json_integer_value(piece) : -1;

    for (int i = 0; i < s->added.n; i++)
        if (strcmp(s->added.t[i].text, text) == 0)
            own = s->added.t[i].id;
    if (!id || own < 0 || (json_is_integer(id) && json_integer_value(id) == own))
        return 0;
    return fail(FAIL_INPUT,
                "'%s': the post_processor gives '%s' another id than the vocabulary, %d", s->path,
                text, (int)own);
}

static const json_t *template_id(const json_t *post, const char *text)
{
    const json_t *tokens = json_object_get(post, "special_tokens");

    return json_array_get(json_object_get(json_object_get(tokens, text), "ids"), 0);
}

static int read_template(struct wordpiece_spec *s, const json_t *post)
{
    const json_t *one = json_object_get(post, "single"), *two = json_object_get(post, "pair");
    const char *cls = template_special(one, 0), *sep = template_special(one, 2);
    struct text has = { 0 };
    int rc = 0;

    template_text(&has, one);
    text_join(&has, " ", "|");
    template_text(&has, two);
    char *want =
        xprintf("%s:0 A:0 %s:0 | %s:0 A:0 %s:0 B:1 %s:1", cls ? cls : "[CLS]", sep ? sep : "[SEP]",
                cls ? cls : "[CLS]", sep ? sep : "[SEP]", sep ? sep : "[SEP]");
    if (!cls || !sep || strcmp(text_string(&has), want) != 0) {
        rc = fail(FAIL_INPUT, "'%s': the post_processor's templates are %.200s; they must be %s",
                  s->path, text_string(&has), want);
    } else {
        s->special[CLS] = xstrdup(cls);
        s->special[SEP] = xstrdup(sep);
        rc = check_special(s, cls, template_id(post, cls)) == 0 &&
                     check_special(s, sep, template_id(post, sep)) == 0
                 ? 0
                 : -1;
    }
    free(want);
    text_free(&has);
    return rc;
}

static int read_post_processor(struct wordpiece_spec *s, const json_t *root)
{
    const json_t *post = json_object_get(root, "post_processor");
    const char *type = json_string_value(json_object_get(post, "type"));

    if (!type || strcmp(type, "BertProcessing") != 0)
        return check_type(root, "post_processor", "TemplateProcessing", s->path) == 0
                   ? read_template(s, post)
                   : -1;
    const json_t *cls_pair = json_object_get(post, "cls"), *sep_pair = json_object_get(post, "sep");
    const char *cls = json_string_value(json_array_get(cls_pair, 0));
    const char *sep = json_string_value(json_array_get(sep_pair, 0));
    if (!cls || !sep)
        return fail(FAIL_INPUT, "'%s': the post_processor needs 'cls' and 'sep'", s->path);
    s->special[CLS] = xstrdup(cls);
    s->special[SEP] = xstrdup(sep);
    return check_special(s, cls, json_array_get(cls_pair, 1)) == 0 &&
                   check_special(s, sep, json_array_get(sep_pair, 1)) == 0
               ? 0
               : -1;
}

int wordpiece_spec_json(struct wordpiece_spec *s, const char *path)
{
    json_t *root = json_read(path);
    int rc = -1;

    if (root && read_model(s, root) == 0 && read_normalizer(s, root) == 0 &&
        check_type(root, "pre_tokenizer", "BertPreTokenizer", path) == 0 &&
        read_added(s, root) == 0)
        rc = read_post_processor(s, root);
    json_decref(root);
    return rc;
}
