/* figure_text.c - rows of queries as gnuplot's data and variables. */
#include "plots/figure/figure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The rows of a data line cut into blocks (one a different set of keys), and the different values
 * of the first column. Texts belong to the rows. */
struct blocks {
    const struct rows *r;
    int *key, n_keys; /* columns */
    int *col, n_cols;
    int *block_of;      /* [n_rows] */
    int *first, n;      /* [n] first row of each block */
    const char **level; /* [n_levels] of col[0] */
    int n_levels;
    bool named; /* levels are texts */
};

static const char *cell(const struct rows *r, int row, int col)
{
    return r->cell[(size_t)row * (size_t)r->n_cols + (size_t)col];
}

static const char *text(const char *s)
{
    return s ? s : "";
}

static int find_column(const struct rows *r, const char *name)
{
    int i = 0;

    while (i < r->n_cols && strcmp(r->col[i], name) != 0)
        i++;
    CHECK(i < r->n_cols, "no column '%s'", name);
    return i;
}

static int *find_columns(const struct rows *r, const struct words *w)
{
    int *col = xalloc((size_t)w->n, sizeof *col);

    for (int i = 0; i < w->n; i++)
        col[i] = find_column(r, w->word[i]);
    return col;
}

static int block_of(const struct blocks *b, int row)
{
    for (int k = b->n - 1; k >= 0; k--) {
        int i = 0;
        while (i < b->n_keys && strcmp(text(cell(b->r, row, b->key[i])),
                                       text(cell(b->r, b->first[k], b->key[i]))) == 0)
            i++;
        if (i == b->n_keys)
            return k;
    }
    return b->n;
}

static int level_of(const struct blocks *b, const char *s)
{
    int i = 0;

    while (i < b->n_levels && strcmp(b->level[i], s) != 0)
        i++;
    return i;
}

static int by_size(const void *a, const void *b)
{
    double x = strtod(*(const char *const *)a, NULL), y = strtod(*(const char *const *)b, NULL);

    return (x > y) - (x < y);
}

static void blocks_init(struct blocks *b, const struct source *src, const struct rows *r)
{
    *b = (struct blocks){ .r = r, .n_keys = src->keys.n, .n_cols = src->cols.n };
    b->key = find_columns(r, &src->keys);
    b->col = find_columns(r, &src->cols);
    b->block_of = xalloc((size_t)r->n_rows, sizeof *b->block_of);
    b->first = xalloc((size_t)r->n_rows, sizeof *b->first);
    b->level = xalloc((size_t)r->n_rows, sizeof *b->level);
    b->named = !r->numeric[b->col[0]];
    for (int i = 0; i < r->n_rows; i++) {
        b->block_of[i] = block_of(b, i);
        if (b->block_of[i] == b->n)
            b->first[b->n++] = i;
        int level = level_of(b, text(cell(r, i, b->col[0])));
        if (level == b->n_levels)
            b->level[b->n_levels++] = text(cell(r, i, b->col[0]));
    }
    if (!b->named)
        qsort(b->level, (size_t)b->n_levels, sizeof *b->level, by_size);
}

static void blocks_free(struct blocks *b)
{
    free(b->key);
    free(b->col);
    free(b->block_of);
    free(b->first);
    free(b->level);
}

/* Every line of S as a comment; control characters cannot leave it. */
static void comment(FILE *to, const char *s)
{
    while (*s) {
        fprintf(to, "#    ");
        for (; *s && *s != '\n'; s++)
            fputc((unsigned char)*s < 32 ? ' ' : *s, to);
        fputc('\n', to);
        s += *s == '\n';
    }
}

/* Different values of COLUMN, ten a line after LABEL. */
static void provenance(FILE *to, const struct rows *r, const char *label, const char *column,
                       int length)
{
    int shown = 0;

    for (int i = 0; i < r->n_rows; i++) {
        const char *s = rows_get(r, i, column);
        bool old = !s;
        for (int k = 0; k < i && !old; k++) {
            const char *o = rows_get(r, k, column);
            old = o && strcmp(o, s) == 0;
        }
        if (old)
            continue;
        if (shown % 10 == 0)
            fprintf(to, "%s# %s", shown ? "\n" : "", label);
        fprintf(to, " %.*s", length, s);
        shown++;
    }
    if (shown)
        fputc('\n', to);
}

static void header(FILE *to, const struct figure *f)
{
    const struct template *t = &f->t;
    bool dirty = false;

    fprintf(to, "# %s.dat: ", t->name);
    fprintf(to, "%s\n", t->about);
    fprintf(to, "# made by: lowrank figure %s\n", t->name);
    provenance(to, &f->runs, "runs:", "key8", 16);
    provenance(to, &f->runs, "commit:", "git_commit", 40);
    for (int i = 0; i < f->runs.n_rows; i++) {
        const char *d = rows_get(&f->runs, i, "git_dirty");
        dirty = dirty || (d && strcmp(d, "0") != 0);
    }
    if (dirty)
        fprintf(to, "# some runs come from a tree with changes that were not committed\n");
    for (int i = 0; i < t->n_data; i++) {
        fprintf(to, "#\n# query %s", t->data[i].query);
        for (int k = 0; k < t->data[i].params.n; k += 2)
            fprintf(to, "%s%s=%s", k ? ", " : " with ", t->data[i].params.word[k],
                    t->data[i].params.word[k + 1]);
        fprintf(to, ":\n");
        comment(to, text(query_find(t->data[i].query)));
    }
}

static void write_cell(FILE *to, const struct blocks *b, int row, int i)
{
    const char *s = cell(b->r, row, b->col[i]);

    if (i == 0 && b->named)
        fprintf(to, "%d", level_of(b, text(s)) + 1);
    else
        fprintf(to, "%s%s", i ? " " : "", s && isfinite(strtod(s, NULL)) ? s : "NaN");
}

static void write_block(FILE *to, const struct blocks *b, const struct source *src, int k)
{
    fprintf(to, "\n\n# %s", src->name);
    for (int i = 0; i < b->n_keys; i++) {
        fprintf(to, ", ");
        char *label = xprintf("%s %s", src->keys.word[i], text(cell(b->r, b->first[k], b->key[i])));
        for (const char *s = label; *s; s++)
            fputc((unsigned char)*s < 32 ? ' ' : *s, to);
        free(label);
    }
    fprintf(to, "\n#");
    for (int i = 0; i < b->n_cols; i++)
        fprintf(to, " %s", src->cols.word[i]);
    fputc('\n', to);
    for (int row = 0; row < b->r->n_rows; row++) {
        if (b->block_of[row] != k)
            continue;
        for (int i = 0; i < b->n_cols; i++)
            write_cell(to, b, row, i);
        fputc('\n', to);
    }
}

char *figure_data(const struct figure *f)
{
    char *out = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&out, &size);

    CHECK(to, "no memory stream");
    header(to, f);
    for (int i = 0; i < f->t.n_data; i++) {
        struct blocks b;
        blocks_init(&b, &f->t.data[i], &f->rows[i]);
        for (int k = 0; k < b.n; k++)
            write_block(to, &b, &f->t.data[i], k);
        blocks_free(&b);
    }
    fclose(to);
    return out;
}

char *figure_quote(const char *s, bool tic)
{
    char *out = xalloc(2 * strlen(s) + 3, 1), *p = out;

    *p++ = '\'';
    for (; *s; s++) {
        if (strchr("_^{}@&~\\", *s))
            *p++ = '\\';
        if (*s == '\'' || (tic && *s == '%'))
            *p++ = *s;
        *p++ = (unsigned char)*s < 32 || *s == 127 ? ' ' : *s;
    }
    *p = '\'';
    return out;
}

/* A column's name as part of a variable's. */
static void put_name(FILE *to, const char *data, const char *column)
{
    fprintf(to, "%s_", data);
    for (const char *s = column; *s; s++)
        fputc(strchr("()[] ,.-", *s) ? '_' : *s, to);
}

static void put_array(FILE *to, const char *data, const char *column, const char *const *value,
                      int n, bool tic)
{
    fprintf(to, "array ");
    put_name(to, data, column);
    fprintf(to, "[%d] = [", n);
    for (int i = 0; i < n; i++) {
        char *quoted = figure_quote(value[i], tic);
        fprintf(to, "%s%s", i ? ", " : "", quoted);
        free(quoted);
    }
    fprintf(to, "]\n");
}

/* Smallest and largest of each column of numbers; NaN without any. */
static void put_ranges(FILE *to, const struct source *src, const struct blocks *b)
{
    for (int i = b->named; i < b->n_cols; i++) {
        double min = NAN, max = NAN;
        for (int row = 0; row < b->r->n_rows; row++) {
            const char *s = cell(b->r, row, b->col[i]);
            double v = s ? strtod(s, NULL) : NAN;
            min = fmin(min, isfinite(v) ? v : NAN);
            max = fmax(max, isfinite(v) ? v : NAN);
        }
        put_name(to, src->name, src->cols.word[i]);
        fprintf(to, isnan(min) ? "_min = NaN; " : "_min = %.10g; ", min);
        put_name(to, src->name, src->cols.word[i]);
        fprintf(to, isnan(max) ? "_max = NaN\n" : "_max = %.10g\n", max);
    }
}

static int put_source(FILE *to, const struct source *src, const struct rows *r, int first)
{
    struct blocks b;

    blocks_init(&b, src, r);
    const char **value = xalloc((size_t)b.n, sizeof *value);
    fprintf(to, "%s_first = %d; %s_blocks = %d\n", src->name, first, src->name, b.n);
    put_ranges(to, src, &b);
    for (int i = 0; i < b.n_keys; i++) {
        int different = 0;
        for (int k = 0; k < b.n; k++) {
            int old = 0;
            value[k] = text(cell(r, b.first[k], b.key[i]));
            while (strcmp(value[old], value[k]) != 0)
                old++;
            different += old == k;
        }
        put_array(to, src->name, src->keys.word[i], value, b.n, false);
        put_name(to, src->name, src->keys.word[i]);
        fprintf(to, "_n = %d\n", different);
    }
    put_array(to, src->name, src->cols.word[0], b.level, b.n_levels, true);
    int n = b.n;
    free(value);
    blocks_free(&b);
    return n;
}

char *figure_script(const struct figure *f)
{
    const struct template *t = &f->t;
    char *out = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&out, &size);
    int first = 0;

    CHECK(to, "no memory stream");
    fprintf(to, "# %s.gp: %s\n", t->name, t->about);
    fprintf(to, "# Written by 'lowrank figure %s'. To draw it again, here: gnuplot -d %s.gp\n",
            t->name, t->name);
    fprintf(to,
            "if (!exists('formats')) { formats = 'pdf svg png' }\n"
            "if (!exists('stem')) { stem = '%s' }\n"
            "format = word(formats, 1)\n"
            "formats = formats[strlen(format) + 2:]\n"
            "data = '%s.dat'\n",
            t->name, t->name);
    for (int i = 0; f->text.n_rows > 0 && i < f->text.n_cols; i++) {
        char *quoted = figure_quote(text(cell(&f->text, 0, i)), false);
        put_name(to, t->text.name, f->text.col[i]);
        fprintf(to, " = %s\n", quoted);
        free(quoted);
    }
    for (int i = 0; i < t->n_data; i++)
        first += put_source(to, &t->data[i], &f->rows[i], first);
    fprintf(to, "width = %s\nheight = %s\n\n%s\n%s\n", t->width, t->height, t->style, t->body);
    fprintf(to, "set output\nif (strlen(formats)) { load '%s.gp' }\n", t->name);
    fclose(to);
    return out;
}
