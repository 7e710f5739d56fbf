/* target.c - targets: their names, shapes and places. */
#include "core/adapt/target.h"

#include "core/adapt/adapt.h"
#include "core/weights/quantized.h"

#include <stdlib.h>
#include <string.h>

const char *const target_names[N_TARGETS + 1] = { "q",    "k",    "v",   "o", "up",
                                                  "down", "gate", "qkv", NULL };

int target_parse(bool on[N_TARGETS], const char *list)
{
    int n = 0;

    memset(on, 0, N_TARGETS * sizeof *on);
    for (const char *s = list ? list : ""; *s;) {
        size_t len = strcspn(s, ",");
        int t = 0;
        while (t < N_TARGETS &&
               (strlen(target_names[t]) != len || strncmp(s, target_names[t], len) != 0))
            t++;
        if (t == N_TARGETS)
            return fail_setting(
                "targets",
                "'targets' has '%.*s', which must be one of q, k, v, o, up, down, gate, qkv",
                (int)len, s);
        n += !on[t];
        on[t] = true;
        s += len + (s[len] == ',');
    }
    if (on[TARGET_QKV] && (on[PROJ_Q] || on[PROJ_K] || on[PROJ_V]))
        return fail_setting("targets", "'targets' has both qkv and a part of it ('%s')", list);
    return n > 0 ? n : fail_setting("targets", "'targets' is empty");
}

int target_check(const struct model *m, int layer, int t, int r, const char *key)
{
    int out, in;

    target_shape(&m->base->dims, t, &out, &in);
    if (t == TARGET_QKV && !stored_together(m->base->arch))
        return fail_setting("targets",
                            "'targets' has qkv, but in %s q, k and v are separate matrices",
                            m->base->arch->name);
    if (t == PROJ_GATE && !m->base->dims.gated)
        return fail_setting("targets", "'targets' has gate, but the MLP of %s has no gate",
                            m->base->arch->name);
    if (r <= out && r <= in)
        return 0;
    if (strcmp(key, "rank_pattern") == 0)
        return fail_setting(key,
                            "'rank_pattern' gives '%d.%s' rank %d, but it is a matrix of %d x %d",
                            layer, target_names[t], r, out, in);
    return fail_setting("rank", "'rank' is %d, but '%s' is a matrix of %d x %d", r, target_names[t],
                        out, in);
}

size_t layer_range(int *first, int *last, const char *s, size_t n)
{
    size_t a = strspn(s, "0123456789"), b;

    if (a == 0 || a > 6 || a > n)
        return 0;
    *first = *last = (int)strtol(s, NULL, 10);
    if (a == n || s[a] != '-')
        return a;
    b = strspn(s + a + 1, "0123456789");
    *last = (int)strtol(s + a + 1, NULL, 10);
    return b == 0 || b > 6 || a + 1 + b > n || *last < *first ? 0 : a + 1 + b;
}

int layers_parse(bool *on, int n_layers, const char *key, const char *list)
{
    int n = 0, first, last;

    if (!list || strcmp(list, "all") == 0)
        return 0;
    for (const char *s = list; *s;) {
        size_t len = strcspn(s, ",");
        if (len == 0 || layer_range(&first, &last, s, len) != len || last >= n_layers)
            return fail_setting(key, "'%s' has '%.*s', but the model has %d layers (0 to %d)", key,
                                (int)len, s, n_layers, n_layers - 1);
        for (int layer = first; layer <= last; layer++, n++) {
            if (on[layer])
                return fail_setting(key, "'%s' names layer %d twice", key, layer);
            on[layer] = true;
        }
        s += len + (s[len] == ',');
    }
    return n;
}

enum proj target_first(int t)
{
    return t == TARGET_QKV ? PROJ_Q : (enum proj)t;
}

/* How many projections a target has side by side. */
static int n_parts(int t)
{
    return t == TARGET_QKV ? 3 : 1;
}

void target_shape(const struct dims *d, int t, int *out, int *in)
{
    proj_shape(d, target_first(t), out, in);
    *out *= n_parts(t);
}

int target_group(int target[MAX_GROUP_TARGETS], const bool on[N_TARGETS], enum group g)
{
    int n = 0;

    for (int t = 0; t < N_TARGETS; t++)
        if (on[t] && proj_group(target_first(t)) == g)
            target[n++] = t;
    return n;
}

int target_of_proj(const bool on[N_TARGETS], enum proj p)
{
    if (on[TARGET_QKV] && proj_group(p) == GROUP_QKV)
        return TARGET_QKV;
    return on[p] ? (int)p : -1;
}

struct mat target_cols(struct mat y, int t, int out)
{
    return mat_cols(y,
                    t == PROJ_K                     ? y.cols - 2 * out
                    : t == PROJ_V || t == PROJ_GATE ? y.cols - out
                                                    : 0,
                    out);
}

struct mat target_weight(const struct model *m, int layer, int t)
{
    int out, in, part = (int)target_first(t);

    target_shape(&m->base->dims, t, &out, &in);
    struct mat w = mat_make(xalloc((size_t)out * (size_t)in, sizeof *w.x), out, in);
    for (int i = 0; i < n_parts(t); i++) {
        int rows = out / n_parts(t);
        int rc = quantized_param_read(
            mat_row(w, i * rows), model_role(m, layer, (int)ROLE_W + part + i), m->head.precision);
        CHECK(rc == 0, "%s", fail_text());
    }
    return w;
}

void target_bias(real *bias, const struct model *m, int layer, int t)
{
    for (int i = 0; i < n_parts(t); i++) {
        const struct param *b = model_role(m, layer, (int)ROLE_B + (int)target_first(t) + i);
        int rows = model_role(m, layer, (int)ROLE_W + (int)target_first(t) + i)->rows;
        if (b)
            param_read(bias, b);
        else
            memset(bias, 0, (size_t)rows * sizeof *bias);
        bias += rows;
    }
}

char *target_module(const struct arch *a, int layer, int t)
{
    return t == TARGET_QKV ? stored_module(a, layer, PROJ_Q) : arch_module(a, layer, (enum proj)t);
}

static char *tensor_name(const struct model *m, int layer, int t, const char *suffix)
{
    char *module = target_module(m->base->arch, layer, t);
    char *name = xprintf("%s.%s", module, suffix);

    free(module);
    return name;
}

int target_matrix(struct model *m, int layer, int t, const char *suffix, int rows, int cols)
{
    char *name = tensor_name(m, layer, t, suffix);
    int at = adapt_matrix(m, name, rows, cols);

    free(name);
    return at;
}

int target_vector(struct model *m, int layer, int t, const char *suffix, int n)
{
    char *name = tensor_name(m, layer, t, suffix);
    int at = adapt_vector(m, name, n);

    free(name);
    return at;
}

int target_fixed(struct model *m, int layer, int t, const char *suffix, int rows, int cols)
{
    char *name = tensor_name(m, layer, t, suffix);
    int at = adapt_fixed(m, name, rows, cols);

    free(name);
    return at;
}
