/* proj.c - names and shapes of projections and of their groups. */
#include "core/weights/proj.h"

#include "core/weights/dims.h"

const char *const proj_names[N_PROJ + 1] = { "q", "k", "v", "o", "up", "down", NULL };

void proj_shape(const struct dims *d, enum proj p, int *out, int *in)
{
    *out = p == PROJ_UP ? d->d_ffn : d->d_model;
    *in = p == PROJ_DOWN ? d->d_ffn : d->d_model;
}

void group_shape(const struct dims *d, enum group g, int *out, int *in)
{
    proj_shape(d, (enum proj)group_first(g), out, in);
    *out *= group_count(g);
}
