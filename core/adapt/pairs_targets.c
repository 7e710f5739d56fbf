/* pairs_targets.c - the matrices of a block that a method adapts: their names, shapes and places. */
#include "core/adapt/pairs.h"

#include <stdlib.h>
#include <string.h>

const char *const lora_targets[N_LORA_TARGETS + 1] = {
    "q", "k", "v", "o", "up", "down", "qkv", NULL
};

enum proj target_first(int t)
{
    return t == LORA_QKV ? PROJ_Q : (enum proj)t;
}

/* How many projections a target has side by side. */
static int parts_of(int t)
{
    return t == LORA_QKV ? 3 : 1;
}

void target_shape(const struct dims *d, int t, int *out, int *in)
{
    proj_shape(d, target_first(t), out, in);
    *out *= parts_of(t);
}

int targets_of(int target[MAX_SIDE], const bool on[N_LORA_TARGETS], enum group g)
{
    int n = 0;

    for (int t = 0; t < N_LORA_TARGETS; t++)
        if (on[t] && proj_group(target_first(t)) == g)
            target[n++] = t;
    return n;
}

struct mat target_cols(struct mat y, int t, int out)
{
    return t == PROJ_K || t == PROJ_V ? mat_cols(y, t * out, out) : mat_cols(y, 0, out);
}

char *target_module(const struct model *m, int layer, int t)
{
    const struct arch *arch = m->base->arch;

    return t == LORA_QKV ? stored_module(arch, layer, PROJ_Q)
                         : xstrdup(arch->proj_name(layer, (enum proj)t));
}

struct mat target_weight(const struct model *m, int layer, int t)
{
    int out, in, part = (int)target_first(t);

    target_shape(&m->base->dims, t, &out, &in);
    struct mat w = mat_make(xalloc((size_t)out * (size_t)in, sizeof *w.x), out, in);
    for (int i = 0; i < parts_of(t); i++) {
        int rows = out / parts_of(t);
        param_read(mat_row(w, i * rows), model_role(m, layer, (int)ROLE_W + part + i));
    }
    return w;
}

void target_bias(real *bias, const struct model *m, int layer, int t)
{
    for (int i = 0; i < parts_of(t); i++) {
        const struct param *b = model_role(m, layer, (int)ROLE_B + (int)target_first(t) + i);
        param_read(bias, b);
        bias += b->cols;
    }
}

int pairs_targets(bool on[N_LORA_TARGETS], const char *list)
{
    int n = 0;

    memset(on, 0, N_LORA_TARGETS * sizeof *on);
    for (const char *s = list ? list : ""; *s;) {
        size_t len = strcspn(s, ",");
        int t = 0;
        while (t < N_LORA_TARGETS &&
               (strlen(lora_targets[t]) != len || strncmp(s, lora_targets[t], len) != 0))
            t++;
        if (t == N_LORA_TARGETS)
            return fail(FAIL_USAGE, "'targets' has '%.*s'; q, k, v, o, up, down and qkv are known",
                        (int)len, s);
        n += !on[t];
        on[t] = true;
        s += len + (s[len] == ',');
    }
    if (on[LORA_QKV] && (on[PROJ_Q] || on[PROJ_K] || on[PROJ_V]))
        return fail(FAIL_USAGE, "'targets' has qkv and a part of it ('%s')", list);
    return n > 0 ? n : fail(FAIL_USAGE, "'targets' is empty");
}

int check_targets(const struct model *m, const bool on[N_LORA_TARGETS], int r)
{
    if (on[LORA_QKV] && !stored_together(m->base->arch))
        return fail(FAIL_USAGE, "'targets' has qkv, but %s has q, k and v as matrices of their own",
                    m->base->arch->name);
    for (int t = 0; t < N_LORA_TARGETS; t++) {
        int out, in;
        target_shape(&m->base->dims, t, &out, &in);
        if (on[t] && (r > out || r > in))
            return fail(FAIL_USAGE, "'rank' is %d, but '%s' is a matrix of %d x %d", r,
                        lora_targets[t], out, in);
    }
    return 0;
}
