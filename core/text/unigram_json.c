/* unigram_json.c - reading tokenizer.json, the format of the tokenizers package, as far as it
 * describes a unigram model with Metaspace. */
#include "core/text/layout.h"
#include "core/text/regex.h"
#include "core/text/unigram.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

static const char *type_of(const json_t *part)
{
    const char *type = json_string_value(json_object_get(part, "type"));

    return type ? type : "of no type";
}

static int read_model(struct unigram_spec *s, const json_t *root)
{
    const json_t *model = json_object_get(root, "model"), *unk = json_object_get(model, "unk_id");
    const json_t *list = json_object_get(model, "vocab");
    int rc = 0;

    if (json_flag(&s->byte_fallback, model, "byte_fallback", s->tok.path) != 0)
        return -1;
    if (!json_is_array(list) || json_array_size(list) == 0)
        return fail(FAIL_INPUT, "'%s': the model's 'vocab' must be a list of pieces with scores",
                    s->tok.path);
    for (size_t i = 0; i < json_array_size(list) && rc == 0; i++) {
        const json_t *item = json_array_get(list, i), *text = json_array_get(item, 0);
        char *where = xprintf("'%s': piece %zu", s->tok.path, i);
        if (json_array_size(item) != 2 || !json_is_string(text) ||
            !json_is_number(json_array_get(item, 1)))
            rc = fail(FAIL_INPUT, "%s must be a piece and its score, such as [\"\u2581a\", -3.5]",
                      where);
        else
            rc = unigram_add(s, json_string_value(text), json_string_length(text),
                             json_number_value(json_array_get(item, 1)), UNIGRAM_NORMAL, where);
        free(where);
    }
    s->unk = json_is_integer(unk) ? (int)json_integer_value(unk) : -1;
    if (rc == 0 && (s->unk < 0 || s->unk >= s->n))
        rc = fail(FAIL_INPUT,
                  "'%s': the model's unk_id must be the place of the unknown piece, from 0 to %d",
                  s->tok.path, s->n - 1);
    return rc;
}

/* --- normalizer */

static struct unigram_step *new_step(struct unigram_spec *s)
{
    s->step = xgrow(s->step, (size_t)s->n_steps + 1, sizeof *s->step);
    s->step[s->n_steps] = (struct unigram_step){ 0 };
    return &s->step[s->n_steps++];
}

/* The bytes of base64; NULL: it is none. */
static unsigned char *from_base64(const char *text, size_t *size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = strlen(text), at = 0, pad = 0;
    unsigned char *out = xalloc(n + 1, 1);
    uint32_t bits = 0;

    for (size_t i = 0; i < n; i++) {
        const char *d = text[i] == '=' ? NULL : strchr(digits, text[i]);
        pad += text[i] == '=';
        if ((!d && text[i] != '=') || (d && pad > 0) || pad > 2) {
            free(out);
            return NULL;
        }
        bits = bits << 6 | (d ? (uint32_t)(d - digits) : 0);
        for (int k = 0; i % 4 == 3 && k < 3; k++)
            out[at++] = (unsigned char)(bits >> (16 - 8 * k));
    }
    *size = at - pad;
    if (n % 4 == 0 && at >= pad)
        return out;
    free(out);
    return NULL;
}

static int read_map(struct unigram_spec *s, const json_t *part)
{
    const char *text = json_string_value(json_object_get(part, "precompiled_charsmap"));
    size_t size = 0;
    unsigned char *bytes = text ? from_base64(text, &size) : NULL;

    if (!bytes)
        return fail(FAIL_INPUT, "'%s': precompiled_charsmap must be a string in base64",
                    s->tok.path);
    struct unigram_step *step = new_step(s);
    step->kind = STEP_MAP;
    int rc = charsmap_read(&step->map, bytes, size, s->tok.path);
    free(bytes);
    return rc;
}

static int read_replace(struct unigram_spec *s, const json_t *part)
{
    const json_t *pattern = json_object_get(part, "pattern");
    const char *regex = json_string_value(json_object_get(pattern, "Regex"));
    const char *string = json_string_value(json_object_get(pattern, "String"));
    const char *to = json_string_value(json_object_get(part, "content"));
    PCRE2_SIZE at;
    int error;

    if ((!regex && !string) || !to)
        return fail(FAIL_INPUT,
                    "'%s': the normalizer Replace must have a pattern, Regex or String, and a "
                    "content",
                    s->tok.path);
    char *translated = regex ? regex_translate(regex, s->tok.path) : regex_quote(string);
    if (!translated)
        return -1;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)translated, PCRE2_ZERO_TERMINATED,
                                     PCRE2_UTF | PCRE2_UCP, &error, &at, NULL);
    free(translated);
    if (!code)
        return fail(FAIL_INPUT, "'%s': the pattern '%.200s' of the normalizer is wrong",
                    s->tok.path, regex ? regex : string);
    struct unigram_step *step = new_step(s);
    step->kind = STEP_REPLACE;
    step->pattern = code;
    step->text = xstrdup(to);
    return 0;
}

static int read_strip(struct unigram_spec *s, const json_t *part)
{
    struct unigram_step *step = new_step(s);

    step->kind = STEP_STRIP;
    step->left = step->right = true;
    return json_flag(&step->left, part, "strip_left", s->tok.path) == 0 &&
                   json_flag(&step->right, part, "strip_right", s->tok.path) == 0
               ? 0
               : -1;
}

static int read_form(struct unigram_spec *s, const char *type)
{
    static const struct {
        const char *name;
        int form;
    } forms[] = { { "NFC", UTF8PROC_COMPOSE },
                  { "NFD", UTF8PROC_DECOMPOSE },
                  { "NFKC", UTF8PROC_COMPOSE | UTF8PROC_COMPAT },
                  { "NFKD", UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT } };

    for (size_t i = 0; i < ARRAY_LEN(forms); i++)
        if (strcmp(type, forms[i].name) == 0) {
            struct unigram_step *step = new_step(s);
            step->kind = STEP_FORM;
            step->form = forms[i].form | UTF8PROC_STABLE;
            return 0;
        }
    return fail(FAIL_INPUT,
                "'%s': the normalizer is '%s'; with a unigram model it must be Precompiled, "
                "Replace, NFC, NFD, NFKC, NFKD, Strip, Lowercase, Prepend, or a Sequence of these",
                s->tok.path, type);
}

static int read_normalizer(struct unigram_spec *s, const json_t *part, int depth)
{
    const char *type = type_of(part);
    const json_t *list = json_object_get(part, "normalizers");
    const char *prepend = json_string_value(json_object_get(part, "prepend"));
    int rc = 0;

    if (!part || json_is_null(part))
        return 0;
    if (strcmp(type, "Sequence") == 0 && depth < 8) {
        for (size_t i = 0; i < json_array_size(list) && rc == 0; i++)
            rc = read_normalizer(s, json_array_get(list, i), depth + 1);
        return rc;
    }
    if (strcmp(type, "Precompiled") == 0)
        return read_map(s, part);
    if (strcmp(type, "Replace") == 0)
        return read_replace(s, part);
    if (strcmp(type, "Strip") == 0)
        return read_strip(s, part);
    if (strcmp(type, "Lowercase") == 0) {
        new_step(s)->kind = STEP_LOWER;
        return 0;
    }
    if (strcmp(type, "Prepend") == 0 && prepend) {
        struct unigram_step *step = new_step(s);
        step->kind = STEP_PREPEND;
        step->text = xstrdup(prepend);
        return 0;
    }
    return read_form(s, type);
}

/* --- pre_tokenizer: Metaspace, alone or as a sequence of one */

static int read_metaspace(struct unigram_spec *s, const json_t *part, int depth)
{
    const json_t *list = json_object_get(part, "pretokenizers");
    const char *scheme = json_string_value(json_object_get(part, "prepend_scheme"));
    const char *space = json_string_value(json_object_get(part, "replacement"));
    bool prefix = true;

    if (strcmp(type_of(part), "Sequence") == 0 && json_array_size(list) == 1 && depth < 8)
        return read_metaspace(s, json_array_get(list, 0), depth + 1);
    if (strcmp(type_of(part), "Metaspace") != 0)
        return fail(FAIL_INPUT,
                    "'%s': the pre_tokenizer is '%s'; with a unigram model it must be Metaspace",
                    s->tok.path, type_of(part));
    if (!space || strcmp(space, UNIGRAM_SPACE) != 0)
        return fail(FAIL_INPUT, "'%s': the replacement of Metaspace must be U+2581", s->tok.path);
    s->split = true;
    if (json_flag(&s->split, part, "split", s->tok.path) != 0 ||
        json_flag(&prefix, part, "add_prefix_space", s->tok.path) != 0)
        return -1;
    if (scheme && strcmp(scheme, "always") != 0 && strcmp(scheme, "first") != 0 &&
        strcmp(scheme, "never") != 0)
        return fail(FAIL_INPUT,
                    "'%s': prepend_scheme is '%s'; it must be 'always', 'first', or 'never'",
                    s->tok.path, scheme);
    s->prepend = scheme   ? strcmp(scheme, "always") == 0  ? PREPEND_ALWAYS
                            : strcmp(scheme, "first") == 0 ? PREPEND_FIRST
                                                           : PREPEND_NEVER
                 : prefix ? PREPEND_ALWAYS
                          : PREPEND_NEVER;
    return 0;
}

int unigram_json(struct unigram_spec *s, const struct tok_folder *f)
{
    static const struct tok_default none[N_TOK_ROLE];
    struct tok_spec *t = &s->tok;

    t->path = xstrdup(f->json_path);
    t->vocab = json_object();
    if (read_model(s, f->json) != 0 ||
        read_normalizer(s, json_object_get(f->json, "normalizer"), 0) != 0 ||
        read_metaspace(s, json_object_get(f->json, "pre_tokenizer"), 0) != 0 ||
        spec_json_added(t, f->json) != 0 || layout_json(t, f->json) != 0)
        return -1;
    return spec_tokens(t, f, none);
}
