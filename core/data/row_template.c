/* row_template.c - a string with columns in it. */
#include "core/data/row_template.h"

#include <stdlib.h>
#include <string.h>

/* Add TEXT as a part, and empty it. */
static void add_part(struct row_template *t, struct text *text, bool is_column)
{
    t->part = xgrow(t->part, (size_t)t->n + 1, sizeof *t->part);
    t->part[t->n++] = (struct row_part){ text_take(text), is_column, -1 };
}

/* A brace at P, of which *LENGTH bytes are used. */
static const char *parse_brace(struct row_template *t, struct text *text, const char *p,
                               size_t *length)
{
    size_t n = strcspn(p + 1, "{}");

    *length = 2;
    if (p[1] == p[0]) {
        text_add(text, "%c", p[0]);
        return NULL;
    }
    if (p[0] == '}')
        return "a '}' without '{'; '}}' stands for the brace itself";
    if (p[n + 1] != '}')
        return "a '{' without '}'; '{{' stands for the brace itself";
    if (n == 0)
        return "'{}' must name a column";
    if (text->n > 0)
        add_part(t, text, false);
    text_add(text, "%.*s", (int)n, p + 1);
    add_part(t, text, true);
    *length = n + 2;
    return NULL;
}

const char *row_template_parse(struct row_template *t, const char *text)
{
    struct text literal = { 0 };
    const char *why = NULL;

    *t = (struct row_template){ 0 };
    for (size_t n; *text && !why; text += n) {
        n = strcspn(text, "{}");
        if (n > 0)
            text_add(&literal, "%.*s", (int)n, text);
        else
            why = parse_brace(t, &literal, text, &n);
    }
    if (!why && literal.n > 0)
        add_part(t, &literal, false);
    text_free(&literal);
    if (why)
        row_template_free(t);
    return why;
}

void row_template_render(struct text *out, const struct row_template *t, const char *const *value)
{
    for (int i = 0; i < t->n; i++)
        text_add(out, "%s", t->part[i].is_column ? value[t->part[i].column] : t->part[i].text);
}

void row_template_free(struct row_template *t)
{
    for (int i = 0; i < t->n; i++)
        free(t->part[i].text);
    free(t->part);
    *t = (struct row_template){ 0 };
}
