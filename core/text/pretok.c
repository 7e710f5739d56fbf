/* pretok.c - the steps, run depth first so that no list of pieces is kept. */
#include "core/text/pretok.h"
#include "core/base/utf8.h"
#include "core/text/regex.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

const char pretok_gpt2[] =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

struct step {
    pcre2_code *code; /* NULL: add a space */
    pcre2_match_data *match;
    bool removed, invert;
    char *text; /* scratch of a step that adds a space */
};
struct pretok {
    struct step *step;
    int n;
    bool told; /* that a match was given up */
};

struct pretok *pretok_new(void)
{
    return xalloc(1, sizeof(struct pretok));
}

void pretok_free(struct pretok *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->n; i++) {
        pcre2_match_data_free(p->step[i].match);
        pcre2_code_free(p->step[i].code);
        free(p->step[i].text);
    }
    free(p->step);
    free(p);
}

static struct step *new_step(struct pretok *p)
{
    p->step = xgrow(p->step, (size_t)p->n + 1, sizeof *p->step);
    p->step[p->n] = (struct step){ 0 };
    return &p->step[p->n++];
}

void pretok_add_space(struct pretok *p)
{
    new_step(p);
}

bool pretok_prefixes(const struct pretok *p)
{
    for (int i = 0; i < p->n; i++)
        if (!p->step[i].code)
            return true;
    return false;
}

int pretok_add(struct pretok *p, const char *pattern, bool removed, bool invert, const char *path)
{
    char *translated = regex_translate(pattern, path);
    int error;
    PCRE2_SIZE at;

    if (!translated)
        return -1;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)translated, PCRE2_ZERO_TERMINATED,
                                     PCRE2_UTF | PCRE2_UCP, &error, &at, NULL);
    free(translated);
    if (!code) {
        char why[256];
        pcre2_get_error_message(error, (PCRE2_UCHAR *)why, sizeof why);
        return fail(FAIL_INPUT, "'%s': the pattern '%.200s' of the pre_tokenizer is wrong: %s",
                    path, pattern, why);
    }
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* without it, pcre2_match interprets */
    struct step *s = new_step(p);
    s->code = code;
    s->match = pcre2_match_data_create(1, NULL);
    CHECK(s->match, "no memory for a match");
    s->removed = removed;
    s->invert = invert;
    return 0;
}

struct run {
    struct pretok *p;
    pretok_fn *fn;
    void *arg;
};

static void run_steps(const struct run *r, int i, const char *text, size_t size);

static void run_space(const struct run *r, int i, const char *text, size_t size)
{
    struct step *s = &r->p->step[i];

    if (*text == ' ') {
        run_steps(r, i + 1, text, size);
        return;
    }
    s->text = xgrow(s->text, size + 1, 1);
    s->text[0] = ' ';
    memcpy(s->text + 1, text, size);
    run_steps(r, i + 1, s->text, size + 1);
}

/* The next match that is not empty, from byte FROM on; false: there is none. */
static bool next_match(const struct run *r, struct step *s, const char *text, size_t size,
                       size_t from, size_t *start, size_t *stop)
{
    while (from < size) {
        int rc =
            pcre2_match(s->code, (PCRE2_SPTR)text, size, from, PCRE2_NO_UTF_CHECK, s->match, NULL);
        if (rc < 0 && rc != PCRE2_ERROR_NOMATCH && !r->p->told) {
            r->p->told = true;
            warn("the pre_tokenizer gave up matching a pattern in a text of %zu bytes, the rest of "
                 "which is one word",
                 size);
        }
        if (rc < 0)
            return false;
        const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->match);
        *start = at[0];
        *stop = at[1];
        if (*stop > *start)
            return true;
        const char *p = text + (*start > from ? *start : from);
        utf8_next(&p, text + size);
        from = (size_t)(p - text);
    }
    return false;
}

static void run_split(const struct run *r, int i, const char *text, size_t size)
{
    struct step *s = &r->p->step[i];
    bool keep_match = s->invert || !s->removed, keep_gap = !s->invert || !s->removed;
    size_t from = 0, start, stop;

    while (next_match(r, s, text, size, from, &start, &stop)) {
        if (start > from && keep_gap)
            run_steps(r, i + 1, text + from, start - from);
        if (keep_match)
            run_steps(r, i + 1, text + start, stop - start);
        from = stop;
    }
    if (from < size && keep_gap)
        run_steps(r, i + 1, text + from, size - from);
}

static void run_steps(const struct run *r, int i, const char *text, size_t size)
{
    if (size == 0)
        return;
    if (i == r->p->n)
        r->fn(r->arg, text, size);
    else if (r->p->step[i].code)
        run_split(r, i, text, size);
    else
        run_space(r, i, text, size);
}

void pretok_split(struct pretok *p, const char *text, size_t size, pretok_fn *fn, void *arg)
{
    const struct run r = { p, fn, arg };

    run_steps(&r, 0, text, size);
}

/* --- tokenizer.json */

static int read_split(struct pretok *p, const json_t *part, const char *path)
{
    const json_t *pattern = json_object_get(part, "pattern");
    const char *regex = json_string_value(json_object_get(pattern, "Regex"));
    const char *string = json_string_value(json_object_get(pattern, "String"));
    const char *behavior = json_string_value(json_object_get(part, "behavior"));
    bool invert = json_is_true(json_object_get(part, "invert"));

    if (!behavior || (strcmp(behavior, "Isolated") != 0 && strcmp(behavior, "Removed") != 0))
        return fail(FAIL_INPUT,
                    "'%s': the pre_tokenizer has a Split whose behavior is '%s'; supported are "
                    "Isolated and Removed",
                    path, behavior ? behavior : "missing");
    if (!regex && !string)
        return fail(FAIL_INPUT, "'%s': the pre_tokenizer has a Split without a Regex or a String",
                    path);
    char *quoted = regex ? xstrdup(regex) : regex_quote(string);
    int rc = pretok_add(p, quoted, *behavior == 'R', invert, path);
    free(quoted);
    return rc;
}

static int read_byte_level(struct pretok *p, const json_t *part)
{
    if (!json_is_false(json_object_get(part, "add_prefix_space")))
        pretok_add_space(p);
    return json_is_false(json_object_get(part, "use_regex"))
               ? 0
               : pretok_add(p, pretok_gpt2, false, false, "");
}

int pretok_json(struct pretok *p, const json_t *part, const char *path)
{
    const char *type = json_string_value(json_object_get(part, "type"));
    const json_t *list = json_object_get(part, "pretokenizers");

    if (!type)
        return fail(FAIL_INPUT, "'%s': the pre_tokenizer is missing or has no type", path);
    if (strcmp(type, "ByteLevel") == 0)
        return read_byte_level(p, part);
    if (strcmp(type, "Split") == 0)
        return read_split(p, part, path);
    if (strcmp(type, "Digits") == 0)
        return pretok_add(
            p, json_is_true(json_object_get(part, "individual_digits")) ? "\\p{N}" : "\\p{N}+",
            false, false, path);
    if (strcmp(type, "Sequence") != 0)
        return fail(FAIL_INPUT,
                    "'%s': the pre_tokenizer has '%s'; supported are ByteLevel, Split, Digits, and "
                    "Sequence",
                    path, type);
    for (size_t i = 0; i < json_array_size(list); i++)
        if (pretok_json(p, json_array_get(list, i), path) != 0)
            return -1;
    return 0;
}
