/* kv_rows.h - private to core/generate: which rows of a cache of keys and values are free. */
#ifndef KV_ROWS_H
#define KV_ROWS_H

#include "core/nn/kv_cache.h"
#include "core/nn/model.h"

struct kv_rows {
    struct kv_cache cache;
    int *free_row, n_free, made; /* rows that are free, and how many there are */
    bool *mark;                  /* [made] all false between calls */
};
/* kv_rows_capacity - the rows that there are once N have been in use. */
int kv_rows_capacity(int n);

void kv_rows_init(struct kv_rows *r, const struct model *m);
void kv_rows_free(struct kv_rows *r);

/* kv_rows_need - let N rows be free. Errors: FAIL_MEMORY. kv_rows_take, kv_rows_give - take one of
 * them, give one back. */
int kv_rows_need(struct kv_rows *r, int n);
int kv_rows_take(struct kv_rows *r);
void kv_rows_give(struct kv_rows *r, int row);
#endif
