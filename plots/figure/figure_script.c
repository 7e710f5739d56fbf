/* figure_script.c - the gnuplot script of a figure. */
#include "core/base/text.h"
#include "plots/figure/blocks.h"
#include "plots/figure/figure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

char *figure_quote(const char *text, bool tic)
{
    struct text t = { 0 };
    char *line = xstrdup(text);

    text_one_line(line, strlen(line) + 2);
    text_add(&t, "'");
    for (const char *s = line; *s; s++) {
        if (strchr("_^{}@&~\\", *s))
            text_add(&t, "\\");
        if (*s == '\'' || (tic && *s == '%'))
            text_add(&t, "%c", *s);
        text_add(&t, "%c", *s);
    }
    text_add(&t, "'");
    free(line);
    return text_take(&t);
}

/* The variable "DATA_COLUMN"; what may not occur in its name becomes '_'. */
static void add_variable(struct text *t, const char *data, const char *column)
{
    text_add(t, "%s_", data);
    for (const char *s = column; *s; s++)
        text_add(t, "%c", strchr("()[] ,.-", *s) ? '_' : *s);
}

static void add_array(struct text *t, const char *data, const char *column,
                      const char *const *value, int n, bool tic)
{
    text_add(t, "array ");
    add_variable(t, data, column);
    text_add(t, "[%d] = [", n);
    for (int i = 0; i < n; i++) {
        char *quoted = figure_quote(value[i], tic);
        text_add(t, "%s%s", i ? ", " : "", quoted);
        free(quoted);
    }
    text_add(t, "]\n");
}

/* The range of each numeric column; NaN if it has no numbers. */
static void add_ranges(struct text *t, const struct source *src, const struct blocks *b)
{
    for (int i = b->named; i < b->n_cols; i++) {
        double min = NAN, max = NAN;
        for (int row = 0; row < b->r->n_rows; row++) {
            const char *s = blocks_cell(b->r, row, b->col[i]);
            double v = s ? strtod(s, NULL) : NAN;
            min = fmin(min, isfinite(v) ? v : NAN);
            max = fmax(max, isfinite(v) ? v : NAN);
        }
        add_variable(t, src->name, src->cols.word[i]);
        text_add(t, isnan(min) ? "_min = NaN; " : "_min = %.10g; ", min);
        add_variable(t, src->name, src->cols.word[i]);
        text_add(t, isnan(max) ? "_max = NaN\n" : "_max = %.10g\n", max);
    }
}

static void add_key(struct text *t, const struct source *src, const struct blocks *b, int i)
{
    const char **value = xalloc((size_t)b->n, sizeof *value);
    int distinct = 0;

    for (int k = 0; k < b->n; k++) {
        int first = 0;
        value[k] = blocks_key(b, k, i);
        while (strcmp(value[first], value[k]) != 0)
            first++;
        distinct += first == k;
    }
    add_array(t, src->name, src->keys.word[i], value, b->n, false);
    add_variable(t, src->name, src->keys.word[i]);
    text_add(t, "_n = %d\n", distinct);
    free(value);
}

/* The variables of a data line whose first block has index FIRST. Returns its number of blocks. */
static int add_source(struct text *t, const struct source *src, const struct rows *r, int first)
{
    struct blocks b;

    blocks_init(&b, src, r);
    text_add(t, "%s_first = %d; %s_blocks = %d\n", src->name, first, src->name, b.n);
    add_ranges(t, src, &b);
    for (int i = 0; i < b.n_keys; i++)
        add_key(t, src, &b, i);
    add_array(t, src->name, src->cols.word[0], b.level, b.n_levels, true);
    int n = b.n;
    blocks_free(&b);
    return n;
}

char *figure_script(const struct figure *f)
{
    const struct template *t = &f->t;
    struct text s = { 0 };
    int first = 0;

    text_add(&s, "# %s.gp: %s\n", t->name, t->about);
    text_add(&s,
             "# Written by 'lowrank figure %s'. To draw it again, run in this folder: "
             "gnuplot -d %s.gp\n",
             t->name, t->name);
    text_add(&s,
             "if (!exists('formats')) { formats = 'pdf svg png' }\n"
             "if (!exists('stem')) { stem = '%s' }\n"
             "format = word(formats, 1)\n"
             "formats = formats[strlen(format) + 2:]\n"
             "data = '%s.dat'\n",
             t->name, t->name);
    for (int i = 0; f->text.n_rows > 0 && i < f->text.n_cols; i++) {
        char *quoted = figure_quote(blocks_string(&f->text, 0, i), false);
        add_variable(&s, t->text.name, f->text.col[i]);
        text_add(&s, " = %s\n", quoted);
        free(quoted);
    }
    for (int i = 0; i < t->n_data; i++)
        first += add_source(&s, &t->data[i], &f->rows[i], first);
    text_add(&s, "%swidth = %s\nheight = %s\n\n%s\n", f->set ? f->set : "", t->width, t->height,
             t->style);
    if (f->left_out && *f->left_out) {
        char *quoted = figure_quote(f->left_out, false);
        text_add(&s, "set title '{/*0.8 '.%s.'}' offset 0, -0.5\n", quoted);
        free(quoted);
    }
    text_add(&s, "%s\n", t->body);
    text_add(&s, "set output\nif (strlen(formats)) { load '%s.gp' }\n", t->name);
    return text_take(&s);
}
