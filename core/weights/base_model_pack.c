/* base_model_pack.c - packing frozen weights, or taking them from the cache of packed weights. */
#include "core/weights/base_model.h"

#include "core/weights/base_model_impl.h"
#include "core/weights/packs.h"

const struct packed *base_model_packed(struct base_model *b, int layer, enum group g, bool backward,
                                       enum precision precision)
{
    int group = ((int)precision * b->dims.n_layers + layer) * N_GROUP + (int)g;
    struct packed **p = &b->packed[2 * group];
    struct packed_image want = { .backward = backward, .precision = precision };
    enum trans t = NOTRANS;
    struct mat part[3];

    if (p[1] || (p[0] && !backward))
        return p[1] ? p[1] : p[0];
    for (int i = 0; i < group_count(&b->dims, g); i++) {
        int at = base_model_block_param(b, layer, (int)ROLE_W + (int)group_proj(g, i));
        const struct param *q = &b->params[at];
        t = q->value ? NOTRANS : TRANS; /* all parts of a group are stored alike */
        if (t == TRANS)
            part[i] = (struct mat){ (real *)(uintptr_t)q->stored, q->cols, q->rows, q->stored_ld };
        else
            part[i] = param_mat(q);
        want.in = q->cols;
        want.out += q->rows;
    }
    p[backward] = packs_get(b, layer * N_GROUP + (int)g, want);
    if (p[backward])
        return p[backward];
    p[backward] = packed_new(part, group_count(&b->dims, g), t, backward, precision);
    packs_changed(b, precision);
    base_model_release(b); /* now, so that at most one group is in memory twice */
    return p[backward];
}

static int pack_head(struct base_model *b, const struct param *q, enum precision p)
{
    struct lmhead *h = &b->lm[p];
    int cached = 0, n = lmhead_chunks(q->rows);

    lmhead_init(h, param_mat(q));
    for (int c = 0; c < n; c++) {
        struct packed_image want = {
            .in = q->cols, .out = lmhead_chunk(h, c).rows, .backward = true, .precision = p
        };
        h->chunk[c] = packs_get(b, b->dims.n_layers * N_GROUP + c, want);
        cached += h->chunk[c] != NULL;
    }
    if (cached < n)
        packs_changed(b, p);
    return lmhead_pack(h, p);
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
