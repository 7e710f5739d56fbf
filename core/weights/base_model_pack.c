/* base_model_pack.c - packing frozen weights, or taking them from the cache of packed weights. */
#include "core/weights/base_model.h"

#include "core/weights/base_model_impl.h"
#include "core/weights/quantized.h"
#include "core/weights/packs.h"

#include <stdlib.h>

static const struct param *part_of(const struct base_model *b, int layer, enum group g, int i)
{
    return &b->params[base_model_block_param(b, layer, (int)ROLE_W + (int)group_proj(g, i))];
}

/* The matrices of a group, all of which are stored alike. Those of a GGUF file are decoded to
 * *COPY, which the caller frees. */
static int view_parts(struct mat *part, enum trans *t, real **copy, const struct base_model *b,
                      int layer, enum group g)
{
    size_t n = 0, at = 0;

    *t = NOTRANS;
    for (int i = 0; i < group_count(&b->dims, g); i++)
        n += part_of(b, layer, g, i)->tensor ? param_size(part_of(b, layer, g, i)) : 0;
    if (n > 0 && !(*copy = malloc(n * sizeof **copy)))
        return fail(FAIL_MEMORY, "no memory to decode %.1f million values of '%s'",
                    1e-6 * (double)n, b->weights.path);
    for (int i = 0; i < group_count(&b->dims, g); i++) {
        const struct param *q = part_of(b, layer, g, i);
        if (q->tensor) {
            part[i] = mat_make(*copy + at, q->rows, q->cols);
            param_read(part[i].x, q);
            at += param_size(q);
        } else if (q->value) {
            part[i] = param_mat(q);
        } else {
            part[i] = (struct mat){ (real *)(uintptr_t)q->stored, q->cols, q->rows, q->stored_ld };
            *t = TRANS;
        }
    }
    return 0;
}

static struct packed *pack_blocks(const struct base_model *b, int layer, enum group g,
                                  enum precision precision)
{
    struct packed_source source[PACKED_SOURCES];
    int n = group_count(&b->dims, g);

    for (int i = 0; i < n; i++) {
        struct quantized *one = quantized_new(part_of(b, layer, g, i), precision);
        if (!one) {
            while (i-- > 0)
                source[i].free(source[i].state);
            return NULL;
        }
        source[i] = quantized_source(one);
    }
    return packed_from_sources(source, n);
}

const struct packed *base_model_packed(struct base_model *b, int layer, enum group g, bool backward,
                                       enum precision precision)
{
    int group = ((int)precision * b->dims.n_layers + layer) * N_GROUP + (int)g;
    struct packed **p = &b->packed[2 * group];
    struct packed_image want = { .backward = backward, .precision = precision };
    struct mat part[3] = { 0 };
    enum trans t;
    real *copy = NULL;

    if (p[1] || (p[0] && !backward))
        return p[1] ? p[1] : p[0];
    for (int i = 0; i < group_count(&b->dims, g); i++) {
        const struct param *q = part_of(b, layer, g, i);
        want.in = q->cols;
        want.out += q->rows;
    }
    p[backward] = packs_get(b, layer * N_GROUP + (int)g, want);
    if (p[backward])
        return p[backward];
    if (precision_is_blocks(precision)) { /* in both directions with the same blocks */
        p[1] = pack_blocks(b, layer, g, precision);
        base_model_release(b);
        return p[1];
    }
    if (view_parts(part, &t, &copy, b, layer, g) != 0)
        return NULL;
    p[backward] = packed_new(part, group_count(&b->dims, g), t, backward, precision);
    free(copy);
    packs_changed(b, precision);
    base_model_release(b); /* now, so that at most one group is in memory twice */
    return p[backward];
}

static int pack_head(struct base_model *b, const struct param *q, enum precision p)
{
    if (p !=
        PRECISION_BF16) { /* plain products with the table, whose values are in memory anyway */
        b->lm[p] = (struct lmhead){ .w = param_mat(q) };
        return 0;
    }
    lmhead_init(&b->lm[p], param_mat(q));
    return lmhead_pack(&b->lm[p], p);
}

int base_model_pack_head(struct base_model *b, enum precision p)
{
    int rc = 0;

    for (int i = 0; i < b->n_params; i++)
        if (b->params[i].role == param_output_role(&b->dims) && !b->lm[p].w.x)
            rc = pack_head(b, &b->params[i], p);
    base_model_release(b);
    return rc;
}

int base_model_pack(struct base_model *b, const unsigned char *need, enum precision p)
{
    if (b->arch->causal && base_model_pack_head(b, p) != 0)
        return -1;
    for (int i = 0; i < b->dims.n_layers * N_GROUP; i++) {
        enum pack_need n = need ? need[i] : PACK_BOTH;
        if (n != PACK_NONE &&
            !base_model_packed(b, i / N_GROUP, (enum group)(i % N_GROUP), n == PACK_BOTH, p))
            return -1;
    }
    packs_save(b, p);
    return 0;
}
