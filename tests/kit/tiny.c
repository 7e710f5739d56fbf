/* tiny.c - a small random BERT of odd shape, batches for it, and gradient checks of whole
 * models. */
#include "tests/kit/tiny.h"
#include "tests/kit/temp.h"

#include "core/base/file.h"
#include "core/base/rng.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[64];

static const struct arch *bert(void)
{
    for (const struct arch *const *a = arch_table; *a; a++)
        if (strcmp((*a)->name, "bert") == 0)
            return *a;
    return NULL;
}

void tiny_config(int n_layers, int d_model)
{
    char *text = xprintf(
        "{\"model_type\": \"bert\", \"num_hidden_layers\": %d, \"hidden_size\": %d, "
        "\"num_attention_heads\": 5, \"intermediate_size\": 100, \"vocab_size\": 113, "
        "\"max_position_embeddings\": 33, \"type_vocab_size\": 2, \"hidden_act\": \"gelu\", "
        "\"initializer_range\": 0.2, \"layer_norm_eps\": 1e-12}",
        n_layers, d_model);

    temp_file(dir, "config.json", text);
    free(text);
}

const char *tiny_write(void)
{
    struct dims d = { .n_layers = 3, .d_model = 60, .n_heads = 5, .d_ffn = 100, .vocab = 113 };
    struct param p[64];
    struct st_out out[64];
    struct rng r = rng_make(11, RNG_STUDY, 0);
    char *path;

    temp_dir(dir);
    tiny_config(3, 60);
    d.max_pos = 33;
    d.n_types = 2;
    int n = bert()->params(&d, p, (int)ARRAY_LEN(p));
    for (int i = 0; i < n; i++) {
        size_t size = (size_t)p[i].rows * (size_t)p[i].cols;
        bool gain = strstr(p[i].name, "LayerNorm.weight") != NULL;
        real *x = xalloc(size, sizeof *x);
        for (size_t k = 0; k < size; k++)
            x[k] = (real)(float)(gain + (p[i].is_vector ? 0.1 : 0.2) * rng_normal(&r));
        out[i] = (struct st_out){ .name = p[i].name, .data = x, .n_dims = p[i].is_vector ? 1 : 2 };
        out[i].shape[0] = (size_t)(p[i].is_vector ? p[i].cols : p[i].rows);
        out[i].shape[1] = (size_t)p[i].cols;
    }
    path = path_join(dir, "model.safetensors");
    ck_assert_int_eq(st_write(path, out, n, false), 0);
    free(path);
    for (int i = 0; i < n; i++) {
        free(p[i].name);
        free((real *)(uintptr_t)out[i].data);
    }
    return dir;
}

void tiny_remove(void)
{
    temp_remove(dir);
}

static void point(struct tiny_batch *t, int n_seq)
{
    t->b = (struct batch){ .n_seq = n_seq,
                           .n_tok = t->off[n_seq],
                           .ids = t->ids,
                           .pos = t->pos,
                           .types = t->types,
                           .off = t->off,
                           .slot = t->slot,
                           .label = t->label,
                           .target = t->target,
                           .next = t->next };
    for (int s = 0; s < n_seq; s++)
        if (t->b.max_len < t->off[s + 1] - t->off[s])
            t->b.max_len = t->off[s + 1] - t->off[s];
}

void tiny_batch(struct tiny_batch *t, const struct dims *d)
{
    static const int len[TINY_SEQS] = { 9, 1, 17, 4, 12 };
    struct rng r = rng_make(5, RNG_ORDER, 0);

    t->off[0] = 0;
    for (int s = 0; s < TINY_SEQS; s++) {
        t->off[s + 1] = t->off[s] + len[s];
        t->slot[s] = s;
        t->label[s] = (int)rng_below(&r, 3);
        t->target[s] = (real)rng_normal(&r);
        for (int i = 0; i < len[s]; i++) {
            t->ids[t->off[s] + i] = (int)rng_below(&r, (uint32_t)d->vocab);
            t->pos[t->off[s] + i] = i;
            t->types[t->off[s] + i] = i > len[s] / 2;
        }
        for (int i = t->off[s]; i < t->off[s + 1]; i++)
            t->next[i] = i + 1 < t->off[s + 1] && i % 5 != 2 ? t->ids[i + 1] : -1;
    }
    point(t, TINY_SEQS);
}

void tiny_cut(struct tiny_batch *out, const struct tiny_batch *t, int from, int n)
{
    int first = t->off[from], count = t->off[from + n] - first;

    for (int i = 0; i < count; i++) {
        out->ids[i] = t->ids[first + i];
        out->pos[i] = t->pos[first + i];
        out->types[i] = t->types[first + i];
        out->next[i] = t->next[first + i];
    }
    for (int s = 0; s <= n; s++)
        out->off[s] = t->off[from + s] - first;
    for (int s = 0; s < n; s++) {
        out->slot[s] = t->slot[from + s];
        out->label[s] = t->label[from + s];
        out->target[s] = t->target[from + s];
    }
    point(out, n);
}

struct head tiny_head(enum pooling pooling, bool regression, double p)
{
    return (struct head){ .n_labels = regression ? 1 : 3,
                          .regression = regression,
                          .pooling = pooling,
                          .pool_scale = pooling == POOL_MEAN ? 1.5 : 1,
                          .hidden_dropout = p,
                          .attn_dropout = p,
                          .classifier_dropout = p };
}

void *tiny_cfg(const struct adapt *a, const char *key, const char *value)
{
    void *cfg = xalloc(1, a->cfg_size);

    opt_defaults(a->opts, cfg);
    if (key)
        ck_assert_msg(opt_set(opt_find(a->opts, key), cfg, value) == 0, "%s", fail_text());
    return cfg;
}

static void counters(struct workspace *ws)
{
    ws->train = true;
    ws->seed = 77;
    ws->step = 3;
    ws->batch_slots = TINY_SEQS;
}

double tiny_loss(const struct model *m, const struct batch *b)
{
    struct workspace ws;
    double loss;

    ck_assert_int_eq(workspace_init(&ws, m, false), 0);
    counters(&ws);
    ck_assert_int_eq(model_fwd(m, &ws, b), 0);
    loss = model_loss(m, &ws, b, 1, NULL);
    workspace_free(&ws);
    return loss;
}

void tiny_grad(const struct model *m, struct workspace *ws, const struct batch *b)
{
    struct mat dlogits;

    memset(ws->grad, 0, m->n_train * sizeof *ws->grad);
    counters(ws);
    ck_assert_int_eq(model_fwd(m, ws, b), 0);
    model_loss(m, ws, b, 1, &dlogits);
    model_bwd(m, ws, b, dlogits);
}

/* (L(theta + e v) - L(theta - e v)) / 2e - <g, v> for a random v in the numbers of one tensor. */
static double direction_error(struct model *m, const struct batch *b, const struct param *p,
                              const real *g, struct rng *r)
{
    const double e = 1e-5; /* error e^2 of the difference, 1e-16 / e of rounding */
    size_t n = (size_t)p->rows * (size_t)p->cols;
    double *v = xalloc(n, sizeof *v), loss[2], dot = 0;
    real *old = xalloc(n, sizeof *old);

    memcpy(old, p->value, n * sizeof *old);
    for (size_t i = 0; i < n; i++) {
        v[i] = rng_normal(r);
        dot += v[i] * (double)g[i];
    }
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < n; i++)
            p->value[i] = (real)((double)old[i] + (side ? -e : e) * v[i]);
        loss[side] = tiny_loss(m, b);
    }
    memcpy(p->value, old, n * sizeof *old);
    free(old);
    free(v);
    return fabs((loss[0] - loss[1]) / (2 * e) - dot);
}

double tiny_add_up(const struct model *m, const struct tiny_batch *t)
{
    static const int cut[][TINY_SEQS] = { { 2, 3 }, { 1, 1, 1, 1, 1 }, { 4, 1 } };
    struct workspace whole, part;
    double worst = 0;

    ck_assert_int_eq(workspace_init(&whole, m, true), 0);
    ck_assert_int_eq(workspace_init(&part, m, true), 0);
    tiny_grad(m, &whole, &t->b);
    double loss = tiny_loss(m, &t->b), max = tiny_max(whole.grad, m->n_train);
    ck_assert_uint_eq(whole.mem.used, workspace_bytes(m, &t->b, true, whole.train));
    for (size_t c = 0; c < ARRAY_LEN(cut); c++) {
        real *sum = xalloc(m->n_train, sizeof *sum);
        double parts = 0;
        for (int k = 0, from = 0; from < TINY_SEQS; from += cut[c][k++]) {
            struct tiny_batch some;
            tiny_cut(&some, t, from, cut[c][k]);
            tiny_grad(m, &part, &some.b);
            parts += tiny_loss(m, &some.b);
            for (size_t i = 0; i < m->n_train; i++)
                sum[i] += part.grad[i];
        }
        double off = fabs(parts - loss) / loss, d = tiny_diff(sum, whole.grad, m->n_train, max);
        worst = !(off <= worst) ? off : worst; /* not a number is the worst, and stays it */
        worst = !(d <= worst) ? d : worst;
        free(sum);
    }
    workspace_free(&whole);
    workspace_free(&part);
    return worst;
}

double tiny_gradient_error(struct model *m, const struct batch *b, double spoil, const char **worst)
{
    struct rng r = rng_make(9, RNG_STUDY, 1);
    struct workspace ws;
    double max = 0, all;

    ck_assert_int_eq(workspace_init(&ws, m, true), 0);
    tiny_grad(m, &ws, b);
    for (size_t i = 0; i < m->n_train; i++)
        ws.grad[i] *= (real)spoil;
    all = vec_norm(ws.grad, m->n_train);
    for (int i = 0; i < m->n_params; i++) {
        const struct param *p = &m->params[i];
        if (!p->trainable)
            continue;
        double norm = vec_norm(ws.grad + p->off, (size_t)p->rows * (size_t)p->cols);
        for (int k = 0; k < 2; k++) {
            /* the bias of a key has no gradient but rounding: softmax does not see it */
            double e = direction_error(m, b, p, ws.grad + p->off, &r) / fmax(norm, 1e-3 * all);
            if (!(e <= max)) {
                max = isnan(e) ? INFINITY : e;
                *worst = p->name;
            }
        }
    }
    workspace_free(&ws);
    return max;
}

double tiny_max(const real *a, size_t n)
{
    double max = 0;

    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)a[i]) <= max))
            max = isnan(a[i]) ? INFINITY : fabs((double)a[i]);
    return max;
}

double tiny_diff(const real *a, const real *b, size_t n, double floor)
{
    double max = 0;

    for (size_t i = 0; i < n; i++) {
        double e = fabs((double)a[i] - (double)b[i]) / floor;
        if (!(e <= max))
            max = isnan(e) ? INFINITY : e;
    }
    return max;
}
