/* proj.c - names and shapes of projections and of their groups. */
#include "core/weights/proj.h"

#include "core/base/base.h"

const char *const proj_names[N_PROJ + 1] = { "q", "k", "v", "o", "up", "down", "gate", NULL };

void proj_shape(const struct dims *d, enum proj p, int *out, int *in)
{
    bool is_kv = p == PROJ_K || p == PROJ_V, is_wide = p == PROJ_UP || p == PROJ_GATE;

    *out = is_wide       ? d->d_ffn
           : is_kv       ? dims_kv_width(d)
           : p == PROJ_Q ? dims_q_width(d)
                         : d->d_model;
    *in = p == PROJ_DOWN ? d->d_ffn : p == PROJ_O ? dims_q_width(d) : d->d_model;
}

/* Gates come from the other end, so that the numbers of the six projections that every block has do
 * not depend on them. */
uint32_t proj_stream(int layer, enum proj p)
{
    int n = p == PROJ_GATE ? PROJ_STREAMS - 1 - layer : layer * PROJ_GATE + (int)p;

    CHECK(layer >= 0 && layer < PROJ_STREAMS / (PROJ_GATE + 2), "layer %d", layer);
    return (uint32_t)n;
}

void group_shape(const struct dims *d, enum group g, int *out, int *in)
{
    *out = 0;
    for (int i = 0; i < group_count(d, g); i++) {
        int rows;
        proj_shape(d, group_proj(g, i), &rows, in);
        *out += rows;
    }
}
