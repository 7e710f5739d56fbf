/* blocks.c - the rows of a template's data line, divided into the blocks of a gnuplot data file. */
#include "plots/figure/blocks.h"

#include <stdlib.h>
#include <string.h>

int blocks_column(const struct rows *r, const char *name)
{
    for (int i = 0; i < r->n_cols; i++)
        if (strcmp(r->col[i], name) == 0)
            return i;
    return -1;
}

const char *blocks_cell(const struct rows *r, int row, int col)
{
    return r->cell[(size_t)row * (size_t)r->n_cols + (size_t)col];
}

const char *blocks_string(const struct rows *r, int row, int col)
{
    const char *s = blocks_cell(r, row, col);

    return s ? s : "";
}

const char *blocks_key(const struct blocks *b, int k, int i)
{
    return blocks_string(b->r, b->first[k], b->key[i]);
}

int blocks_level(const struct blocks *b, const char *s)
{
    int i = 0;

    while (i < b->n_levels && strcmp(b->level[i], s) != 0)
        i++;
    return i;
}

static int *find_columns(const struct rows *r, const struct words *w)
{
    int *col = xalloc((size_t)w->n, sizeof *col);

    for (int i = 0; i < w->n; i++) {
        col[i] = blocks_column(r, w->word[i]);
        CHECK(col[i] >= 0, "no column '%s'", w->word[i]);
    }
    return col;
}

/* The block of a row; b->n if it begins a new one. */
static int find_block(const struct blocks *b, int row)
{
    for (int k = b->n - 1; k >= 0; k--) {
        int i = 0;
        while (i < b->n_keys &&
               strcmp(blocks_string(b->r, row, b->key[i]), blocks_key(b, k, i)) == 0)
            i++;
        if (i == b->n_keys)
            return k;
    }
    return b->n;
}

static int compare_numbers(const void *a, const void *b)
{
    double x = strtod(*(const char *const *)a, NULL), y = strtod(*(const char *const *)b, NULL);

    return (x > y) - (x < y);
}

void blocks_init(struct blocks *b, const struct source *src, const struct rows *r)
{
    *b = (struct blocks){ .r = r, .n_keys = src->keys.n, .n_cols = src->cols.n };
    b->key = find_columns(r, &src->keys);
    b->col = find_columns(r, &src->cols);
    b->block_of = xalloc((size_t)r->n_rows, sizeof *b->block_of);
    b->first = xalloc((size_t)r->n_rows, sizeof *b->first);
    b->level = xalloc((size_t)r->n_rows, sizeof *b->level);
    b->named = !r->numeric[b->col[0]];
    for (int row = 0; row < r->n_rows; row++) {
        const char *level = blocks_string(r, row, b->col[0]);
        b->block_of[row] = find_block(b, row);
        if (b->block_of[row] == b->n)
            b->first[b->n++] = row;
        if (blocks_level(b, level) == b->n_levels)
            b->level[b->n_levels++] = level;
    }
    if (!b->named)
        qsort(b->level, (size_t)b->n_levels, sizeof *b->level, compare_numbers);
}

void blocks_free(struct blocks *b)
{
    free(b->key);
    free(b->col);
    free(b->block_of);
    free(b->first);
    free(b->level);
}
