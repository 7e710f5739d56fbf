/* reader.c - apply a model to one text after the other. */
#include "experiments/apply/reader.h"

#include "core/nn/pass.h"

#include <stdlib.h>

int reader_init(struct reader *r, const struct adapted *a)
{
    *r = (struct reader){ .a = a, .limit = (int)a->record.max_length };
    return workspace_init(&r->ws, &a->model, false);
}

void reader_free(struct reader *r)
{
    if (r->a)
        workspace_free(&r->ws);
    ids_free(&r->ids);
    free(r->mem);
    free(r->nll);
    *r = (struct reader){ 0 };
}

int reader_room(const struct reader *r)
{
    const struct model *m = &r->a->model;

    int room = m->base->dims.max_pos - m->n_prefix - m->n_infix;

    return r->limit > 0 && r->limit < room ? r->limit : room;
}

/* After the forward pass of B. */
static void reader_score(struct reader *r, struct batch b)
{
    int *next = xalloc((size_t)b.n_tok, sizeof *next);
    bool *hit = xalloc((size_t)b.n_tok, sizeof *hit);

    for (int i = 0; i < b.n_tok; i++)
        next[i] = i + 1 < b.n_tok ? b.ids[i + 1] : -1;
    b.next = next;
    r->nll = xgrow(r->nll, (size_t)b.n_tok, sizeof *r->nll);
    model_score(&r->a->model, &r->ws, &b, r->nll, hit);
    free(next);
    free(hit);
}

int reader_run(struct reader *r, const char *text, size_t size, const char *b, size_t b_size)
{
    const struct base_model *base = r->a->model.base;
    int second, off[2] = { 0 }, slot = 0;

    r->ids.n = 0;
    r->n_cut += tok_join(r->a->tok, text, size, b, b_size, reader_room(r), &r->ids, &second);
    int n = r->ids.n;
    if (n == 0)
        return fail(FAIL_INPUT, "the text has no tokens");
    if (second < n && base->dims.n_types == 1)
        return fail(FAIL_INPUT,
                    "'%s' cannot read pairs: type_vocab_size is 1 in config.json; a pair needs 2",
                    base->dir);
    if (n > r->cap) {
        r->cap = 2 * n;
        r->mem = xgrow(r->mem, 2 * (size_t)r->cap, sizeof *r->mem);
    }
    int *pos = r->mem, *types = r->mem + r->cap;
    for (int i = 0; i < n; i++) {
        pos[i] = i;
        types[i] = i >= second;
    }
    off[1] = n;
    struct batch batch = { .n_seq = 1,
                           .n_tok = n,
                           .max_len = n,
                           .ids = r->ids.id,
                           .pos = pos,
                           .types = types,
                           .off = off,
                           .slot = &slot };
    int rc = model_fwd(&r->a->model, &r->ws, &batch);
    if (rc == 0 && r->score)
        reader_score(r, batch);
    return rc;
}
