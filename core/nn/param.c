/* param.c - named tensors: the list an architecture's table makes, and looking one up. */
#include "core/nn/impl.h"

#include <string.h>

const char *const proj_names[N_PROJ + 1] = { "q", "k", "v", "o", "up", "down", NULL };

void proj_shape(const struct dims *d, enum proj p, int *out, int *in)
{
    *out = p == PROJ_UP ? d->d_ffn : d->d_model;
    *in = p == PROJ_DOWN ? d->d_ffn : d->d_model;
}

int dims_size(const struct dims *d, enum size s)
{
    const int size[N_SIZE] = { 1, d->d_model, d->d_ffn, d->vocab, d->max_pos, d->n_types };

    return size[s];
}

struct param *param_find(struct param *p, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(p[i].name, name) == 0)
            return &p[i];
    return NULL;
}

static int add(const struct spec *s, const struct dims *d, const char *prefix, int layer,
               struct param *out, int n, int cap)
{
    for (; s->name; s++, n++) {
        if (!out)
            continue;
        CHECK(n < cap, "%d", cap);
        out[n] = (struct param){
            .name = layer < 0 ? xstrdup(s->name) : xprintf("%s%d.%s", prefix, layer, s->name),
            .rows = dims_size(d, s->rows),
            .cols = dims_size(d, s->cols),
            .is_vector = s->rows == SIZE_1,
            .decay = true,
            .off = -1,
            .layer = layer,
            .role = s->role,
        };
    }
    return n;
}

int spec_params(const struct arch_impl *a, const struct dims *d, struct param *out, int cap)
{
    int n = add(a->before, d, "", -1, out, 0, cap);

    for (int i = 0; i < d->n_layers; i++)
        n = add(a->block, d, a->block_prefix, i, out, n, cap);
    return add(a->after, d, "", -1, out, n, cap);
}
