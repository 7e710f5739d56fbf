/* kv_rows.c - handing out rows of a cache of keys and values. */
#include "core/generate/kv_rows.h"

#include <limits.h>
#include <stdlib.h>

enum { LEAST_ROWS = 256 };

int kv_rows_capacity(int n)
{
    int rows = LEAST_ROWS;

    while (rows < n && rows <= INT_MAX / 2)
        rows *= 2;
    return rows;
}

void kv_rows_init(struct kv_rows *r, const struct model *m)
{
    *r = (struct kv_rows){ 0 };
    kv_cache_init(&r->cache, m);
}

void kv_rows_free(struct kv_rows *r)
{
    kv_cache_free(&r->cache);
    free(r->free_row);
    free(r->mark);
    *r = (struct kv_rows){ 0 };
}

int kv_rows_need(struct kv_rows *r, int n)
{
    int more = n - r->n_free, rows = r->made + (more > r->made ? more : r->made);

    if (more <= 0)
        return 0;
    rows = rows < LEAST_ROWS ? LEAST_ROWS : rows;
    if (kv_cache_grow(&r->cache, rows) != 0)
        return -1;
    r->free_row = xgrow(r->free_row, (size_t)rows, sizeof *r->free_row);
    r->mark = xgrow(r->mark, (size_t)rows, sizeof *r->mark);
    for (int i = rows - 1; i >= r->made; i--) { /* low rows are taken first */
        r->free_row[r->n_free++] = i;
        r->mark[i] = false;
    }
    r->made = rows;
    return 0;
}

int kv_rows_take(struct kv_rows *r)
{
    CHECK(r->n_free > 0, "no free row of %d", r->made);
    return r->free_row[--r->n_free];
}

void kv_rows_give(struct kv_rows *r, int row)
{
    r->free_row[r->n_free++] = row;
}
