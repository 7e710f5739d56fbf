/* figure_data.c - the data file of a figure. */
#include "core/base/text.h"
#include "plots/figure/blocks.h"
#include "plots/figure/figure.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* S with blanks instead of control characters, which would end a comment. */
static void add_printable(struct text *t, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        text_add(t, "%c", (unsigned char)s[i] < 32 ? ' ' : s[i]);
}

/* Every line of S as a comment. */
static void add_comment(struct text *t, const char *s)
{
    for (size_t n; *s; s += n + (s[n] == '\n')) {
        n = strcspn(s, "\n");
        text_add(t, "#    ");
        add_printable(t, s, n);
        text_add(t, "\n");
    }
}

/* The distinct values of COLUMN, cut to LENGTH, ten on a line after LABEL. */
static void add_distinct(struct text *t, const struct rows *r, const char *label,
                         const char *column, int length)
{
    json_t *seen = json_object();
    int shown = 0;

    for (int i = 0; i < r->n_rows; i++) {
        const char *s = rows_get(r, i, column);
        if (!s || json_object_get(seen, s))
            continue;
        json_object_set_new(seen, s, json_true());
        if (shown % 10 == 0)
            text_add(t, "%s# %s", shown ? "\n" : "", label);
        text_add(t, " %.*s", length, s);
        shown++;
    }
    if (shown)
        text_add(t, "\n");
    json_decref(seen);
}

/* Is there a run whose git_dirty is this? NULL: it was not recorded. */
static bool has_dirty(const struct rows *runs, const char *value)
{
    for (int i = 0; i < runs->n_rows; i++) {
        const char *dirty = rows_get(runs, i, "git_dirty");
        if (value && dirty ? strcmp(dirty, value) == 0 : value == dirty)
            return true;
    }
    return false;
}

static void add_header(struct text *t, const struct figure *f)
{
    text_add(t, "# %s.dat: %s\n", f->t.name, f->t.about);
    text_add(t, "# made by: lowrank figure %s\n", f->t.name);
    add_distinct(t, &f->runs, "runs:", "key8", 16);
    add_distinct(t, &f->runs, "commit:", "git_commit", 40);
    if (has_dirty(&f->runs, "1"))
        text_add(t, "# some runs were made with uncommitted changes\n");
    if (f->runs.n_rows && has_dirty(&f->runs, NULL))
        text_add(t, "# of some runs the commit is not known\n");
    if (f->left_out && *f->left_out)
        text_add(t, "# %s\n", f->left_out);
    for (int i = 0; i < f->t.n_data; i++) {
        const struct source *src = &f->t.data[i];
        text_add(t, "#\n# query %s", src->query);
        for (int k = 0; k < src->params.n; k += 2)
            text_add(t, "%s%s=%s", k ? ", " : " with ", src->params.word[k],
                     src->params.word[k + 1]);
        text_add(t, ":\n");
        const char *sql = query_find(src->query);
        add_comment(t, sql ? sql : "");
    }
}

static void add_cell(struct text *t, const struct blocks *b, int row, int i)
{
    const char *s = blocks_cell(b->r, row, b->col[i]);

    if (i == 0 && b->named)
        text_add(t, "%d", blocks_level(b, s ? s : "") + 1);
    else
        text_add(t, "%s%s", i ? " " : "", s && isfinite(strtod(s, NULL)) ? s : "NaN");
}

static void add_block(struct text *t, const struct blocks *b, const struct source *src, int k)
{
    text_add(t, "\n\n# %s", src->name);
    for (int i = 0; i < b->n_keys; i++) {
        const char *value = blocks_key(b, k, i);
        text_add(t, ", %s ", src->keys.word[i]);
        add_printable(t, value, strlen(value));
    }
    text_add(t, "\n#");
    for (int i = 0; i < b->n_cols; i++)
        text_add(t, " %s", src->cols.word[i]);
    text_add(t, "\n");
    for (int row = 0; row < b->r->n_rows; row++) {
        if (b->block_of[row] != k)
            continue;
        for (int i = 0; i < b->n_cols; i++)
            add_cell(t, b, row, i);
        text_add(t, "\n");
    }
}

char *figure_data(const struct figure *f)
{
    struct text t = { 0 };

    add_header(&t, f);
    for (int i = 0; i < f->t.n_data; i++) {
        struct blocks b;
        blocks_init(&b, &f->t.data[i], &f->rows[i]);
        for (int k = 0; k < b.n; k++)
            add_block(&t, &b, &f->t.data[i], k);
        blocks_free(&b);
    }
    return text_take(&t);
}
