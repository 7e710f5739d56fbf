/* layout.c - the "post_processor" of tokenizer.json, and the layouts of BERT and RoBERTa. */
#include "core/text/layout.h"

#include <string.h>

void layout_set(struct tok_layout *l, bool roberta, int cls, int sep)
{
    struct tok_run one = { 1, { cls } }, end = { 1, { sep } }, both = { 2, { sep, sep } };

    *l = (struct tok_layout){ { one, end }, { one, roberta ? both : end, end }, !roberta, 0 };
    l->type1_at = l->two[1].n;
}

static void push(struct tok_run *r, int id)
{
    if (id >= 0)
        r->id[r->n++] = id;
}

/* bos and eos of the second text belong to it. */
void layout_ends(struct tok_layout *l, int bos, int eos)
{
    *l = (struct tok_layout){ .typed = true, .type1_at = eos >= 0 };
    push(&l->one[0], bos);
    push(&l->one[1], eos);
    push(&l->two[0], bos);
    push(&l->two[1], eos);
    push(&l->two[1], bos);
    push(&l->two[2], eos);
}

/* The id of TEXT, which the post-processor puts into every text; GIVEN is what it says about it,
 * or NULL. */
static int special_id(int *id, const struct tok_spec *s, const char *text, const json_t *given)
{
    int own = spec_id(s, text);

    if (given && (!json_is_integer(given) || json_integer_value(given) < 0 ||
                  json_integer_value(given) > MAX_ID))
        return fail(FAIL_INPUT,
                    "'%s': the post_processor gives '%s' an id that is not a whole "
                    "number from 0 to %d",
                    s->path, text, MAX_ID);
    if (given && own >= 0 && json_integer_value(given) != own)
        return fail(FAIL_INPUT,
                    "'%s': the post_processor gives '%s' another id than the vocabulary, %d",
                    s->path, text, own);
    if (own < 0)
        return fail(FAIL_INPUT,
                    "'%s': the post_processor adds '%s', which is not in the vocabulary", s->path,
                    text);
    *id = own;
    return 0;
}

/* --- BertProcessing and RobertaProcessing */

/* KEY is [text, id]. */
static int read_named(struct tok_spec *s, enum tok_role role, const json_t *post, const char *key)
{
    const json_t *pair = json_object_get(post, key);
    const char *text = json_string_value(json_array_get(pair, 0));

    if (!text)
        return fail(FAIL_INPUT, "'%s': the post_processor needs 'cls' and 'sep'", s->path);
    s->special[role] = xstrdup(text);
    return special_id(&s->role[role], s, text, json_array_get(pair, 1));
}

static int read_processing(struct tok_spec *s, const json_t *post, bool roberta)
{
    if (read_named(s, TOK_CLS, post, "cls") != 0 || read_named(s, TOK_SEP, post, "sep") != 0)
        return -1;
    layout_set(&s->layout, roberta, s->role[TOK_CLS], s->role[TOK_SEP]);
    return 0;
}

/* --- TemplateProcessing */

/* A template as text, for messages: "[CLS]:0 A:0 [SEP]:0". */
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

static int template_fails(const struct tok_spec *s, const json_t *post)
{
    struct text has = { 0 };

    template_text(&has, json_object_get(post, "single"));
    text_join(&has, " ", "|");
    template_text(&has, json_object_get(post, "pair"));
    fail(FAIL_INPUT,
         "'%s': the post_processor's templates are %.200s; they must be like "
         "[CLS]:0 A:0 [SEP]:0 | [CLS]:0 A:0 [SEP]:0 B:1 [SEP]:1",
         s->path, text_string(&has));
    text_free(&has);
    return -1;
}

/* Append the ids of the special token TEXT to R. */
static int push_special(struct tok_run *r, const struct tok_spec *s, const json_t *post,
                        const char *text)
{
    const json_t *token = json_object_get(json_object_get(post, "special_tokens"), text);
    const json_t *ids = json_object_get(token, "ids"), *texts = json_object_get(token, "tokens");
    size_t n = json_is_array(ids) ? json_array_size(ids) : 1;

    for (size_t i = 0; i < n; i++) {
        const char *t = json_string_value(json_array_get(texts, i));
        if (r->n == TOK_RUN_MAX)
            return template_fails(s, post);
        if (special_id(&r->id[r->n], s, t ? t : text, json_array_get(ids, i)) != 0)
            return -1;
        r->n++;
    }
    return 0;
}

/* The template KEY with N_TEXTS texts, whose tokens go to RUN[0..N_TEXTS]. Types never fall from 1
 * to 0; *TYPE1 is the part of the template, and *AT the token in it, that has type 1 first. */
static int read_list(struct tok_run *run, int n_texts, int *type1, int *at,
                     const struct tok_spec *s, const json_t *post, const char *key)
{
    const json_t *list = json_object_get(post, key);
    int part = 0;

    *type1 = -1;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *v = json_array_get(list, i), *seq = json_object_get(v, "Sequence");
        const json_t *special = json_object_get(v, "SpecialToken"), *is = seq ? seq : special;
        const char *id = json_string_value(json_object_get(is, "id"));
        json_int_t type = json_integer_value(json_object_get(is, "type_id"));
        if (!id || type < 0 || type > 1 || (type == 0 && *type1 >= 0) ||
            (seq && (part >= n_texts || strcmp(id, part == 0 ? "A" : "B") != 0)))
            return template_fails(s, post);
        if (type == 1 && *type1 < 0) {
            *type1 = part;
            *at = run[part].n;
        }
        if (special && push_special(&run[part], s, post, id) != 0)
            return -1;
        part += seq != NULL;
    }
    return part == n_texts ? 0 : template_fails(s, post);
}

/* The name of the special token at index I of the template for one text, counted from the end if
 * I < 0; NULL: it is a text. */
static char *name_at(const json_t *post, int i)
{
    const json_t *list = json_object_get(post, "single");
    size_t at = i < 0 ? json_array_size(list) - 1 : 0;
    const json_t *special = json_object_get(json_array_get(list, at), "SpecialToken");
    const char *id = json_string_value(json_object_get(special, "id"));

    return id ? xstrdup(id) : NULL;
}

static int read_template(struct tok_spec *s, const json_t *post)
{
    struct tok_layout *l = &s->layout;
    int type1, at = 0;

    if (read_list(l->one, 1, &type1, &at, s, post, "single") != 0)
        return -1;
    if (type1 >= 0)
        return template_fails(s, post);
    if (read_list(l->two, 2, &type1, &at, s, post, "pair") != 0)
        return -1;
    l->typed = type1 >= 0;
    l->type1_at = at;
    if (type1 >= 0 && type1 != 1) /* in the first text, or only after the second */
        return template_fails(s, post);
    if (l->one[0].n && l->one[1].n) {
        s->special[TOK_CLS] = name_at(post, 0);
        s->special[TOK_SEP] = name_at(post, -1);
    }
    return 0;
}

static int read_post(struct tok_spec *s, const json_t *post)
{
    const json_t *list = json_object_get(post, "processors");
    const char *type = json_string_value(json_object_get(post, "type"));

    if (!type)
        return fail(FAIL_INPUT, "'%s': the post_processor has no type", s->path);
    if (strcmp(type, "ByteLevel") == 0) /* changes offsets alone */
        return 0;
    if (strcmp(type, "BertProcessing") == 0 || strcmp(type, "RobertaProcessing") == 0)
        return read_processing(s, post, *type == 'R');
    if (strcmp(type, "TemplateProcessing") == 0)
        return read_template(s, post);
    if (strcmp(type, "Sequence") != 0)
        return fail(FAIL_INPUT,
                    "'%s': the post_processor is '%s'; supported are TemplateProcessing, "
                    "BertProcessing, RobertaProcessing, ByteLevel, and Sequence",
                    s->path, type);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const char *name = json_string_value(json_object_get(one, "type"));
        if (name && strcmp(name, "Sequence") == 0)
            return fail(FAIL_INPUT, "'%s': the post_processor has a Sequence in a Sequence",
                        s->path);
        if (s->layout.one[0].n + s->layout.one[1].n > 0 && name && strcmp(name, "ByteLevel") != 0)
            return fail(FAIL_INPUT, "'%s': two parts of the post_processor add special tokens",
                        s->path);
        if (read_post(s, one) != 0)
            return -1;
    }
    return 0;
}

int layout_json(struct tok_spec *s, const json_t *root)
{
    const json_t *post = json_object_get(root, "post_processor");

    return !post || json_is_null(post) ? 0 : read_post(s, post);
}
