/* peft_pooler.c - the pooler of an adapter folder of PEFT's. */
#include "core/peft/peft_pooler.h"

#include "core/peft/peft_config.h"
#include "core/peft/peft_tensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char module[] = "pooler.dense.";

bool peft_pooler_has(const char *key)
{
    const char *at = strstr(key, module);

    return at && (at == key || at[-1] == '.');
}

/* The tensor "...pooler.dense.NAME" with ROWS x COLS values (COLS 0: a vector). *X becomes NULL
 * when there is none; the caller frees it. */
static int read_tensor(real **x, const struct weights *s, const char *name, int rows, int cols)
{
    *x = NULL;
    for (int i = 0; i < s->n; i++) {
        const struct st_tensor *t = &s->t[i];
        if (!peft_pooler_has(t->name) ||
            strcmp(strstr(t->name, module) + strlen(module), name) != 0)
            continue;
        bool fits = t->n_dims == (cols ? 2 : 1) && t->shape[0] == (size_t)rows &&
                    (!cols || t->shape[1] == (size_t)cols);
        if (!fits)
            return fail(FAIL_INPUT, "tensor '%s' of '%s' does not have the shape of the pooler's",
                        st_escaped(t->name), s->path);
        *x = xalloc(t->count, sizeof **x);
        if (st_reals(*x, t, t->count) == 0)
            return 0;
        free(*x);
        *x = NULL;
        return -1;
    }
    return 0;
}

/* W += s B A; with the lengths M of its rows, those of DoRA. */
static void update_weight(struct mat w, double s, struct mat a, struct mat b, const real *m)
{
    mat_gemm(w, 1, (real)s, b, NOTRANS, a, NOTRANS);
    for (int i = 0; m && i < w.rows; i++) {
        double n = vec_norm(mat_row(w, i), (size_t)w.cols);
        for (int j = 0; j < w.cols; j++)
            mat_row(w, i)[j] *= (real)(n > 0 ? (double)m[i] / n : 0);
    }
}

static int add_pair(struct mat w, const struct model *m, struct rank r, const struct weights *s)
{
    int flags = peft_flags(m->adapt), d = w.cols, rc = 0;
    real *a, *b = NULL, *length = NULL;

    if (read_tensor(&a, s, "lora_A.weight", r.r, d) != 0 ||
        read_tensor(&b, s, "lora_B.weight", d, r.r) != 0 ||
        read_tensor(&length, s, "lora_magnitude_vector", d, 0) != 0)
        rc = -1;
    else if (!a || !b || (flags & PEFT_DORA && !length))
        rc = fail(FAIL_INPUT, "'%s' lacks a tensor of the adapted pooler", s->path);
    else
        update_weight(w, r.alpha / (flags & PEFT_RSLORA ? sqrt(r.r) : r.r), mat_make(a, r.r, d),
                      mat_make(b, d, r.r), length);
    free(length);
    free(b);
    free(a);
    return rc;
}

/* What modules_to_save has: the weight and bias themselves. Returns whether there are any. */
static int read_whole(real *values, const struct weights *s, int d)
{
    real *w, *b = NULL;
    int rc = read_tensor(&w, s, "weight", d, d);

    if (rc == 0)
        rc = read_tensor(&b, s, "bias", d, 0);
    if (rc == 0 && (w != NULL) != (b != NULL))
        rc =
            fail(FAIL_INPUT, "'%s' has only one of the weight and the bias of the pooler", s->path);
    if (rc == 0 && w && b) {
        memcpy(values, w, (size_t)d * (size_t)d * sizeof *w);
        memcpy(values + (size_t)d * (size_t)d, b, (size_t)d * sizeof *b);
        rc = 1;
    }
    free(b);
    free(w);
    return rc;
}

int peft_pooler_read(real **values, const struct model *m, const struct weights *s, const char *dir)
{
    const struct param *w = model_role(m, -1, ROLE_POOL_W), *b = model_role(m, -1, ROLE_POOL_B);
    struct lora_cfg cfg;
    struct rank r;
    int n_labels, n = 0;

    *values = NULL;
    for (int i = 0; i < s->n; i++)
        n += peft_pooler_has(s->t[i].name);
    if (peft_read_all(&cfg, &r, &n_labels, dir, &m->base->dims) != 0)
        return -1;
    lora_cfg_free(&cfg);
    if ((n == 0 && r.r == 0) || (r.r == 0 && model_role(m, -1, ROLE_DENSE_W)))
        return 0; /* nothing, or the head's own */
    if (!w || !b)
        return fail(FAIL_INPUT, "'%s' adapts the pooler, but '%s' has none", dir, m->base->dir);
    real *x = xalloc(param_size(w) + param_size(b), sizeof *x);
    param_read(x, w);
    param_read(x + param_size(w), b);
    int rc = r.r > 0 ? add_pair(mat_make(x, w->rows, w->cols), m, r, s) : read_whole(x, s, w->cols);
    if (rc < 0) {
        free(x);
        return -1;
    }
    *values = x;
    return 0;
}
