/* workspace.c - making a workspace, and how much memory a pass takes. */
#include "core/nn/workspace.h"

#include "core/nn/acts.h"

#include <stdlib.h>

int workspace_init(struct workspace *ws, const struct model *m, bool grad)
{
    struct acts *a = xalloc(1, sizeof *a);

    *ws = (struct workspace){ .acts = a, .batch_slots = 1 };
    a->layer = xalloc((size_t)m->base->dims.n_layers, sizeof *a->layer);
    if (grad && !(ws->grad = calloc(m->n_train, sizeof *ws->grad))) {
        workspace_free(ws);
        return fail(FAIL_MEMORY, "no memory for a gradient of %.1f million values",
                    1e-6 * (double)m->n_train);
    }
    return 0;
}

void workspace_free(struct workspace *ws)
{
    struct acts *a = ws->acts;

    arena_free(&ws->mem);
    if (a)
        free(a->layer);
    free(a);
    free(ws->grad);
    *ws = (struct workspace){ 0 };
}

size_t workspace_bytes(const struct model *m, const struct batch *b, bool grad, bool train)
{
    struct acts a = { .layer = xalloc((size_t)m->base->dims.n_layers, sizeof *a.layer) };
    struct acts_shape s = acts_shape(m, b, NULL);
    struct workspace ws = { 0 };

    s.grad = grad;
    s.train = train;
    size_t bytes = acts_plan(&a, &ws, NULL, m, &s);
    free(a.layer);
    return bytes;
}
