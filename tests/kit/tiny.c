/* tiny.c - a small random encoder of odd shape, batches for it, and options of methods. */
#include "tests/kit/tiny.h"

#include "core/os/file.h"
#include "core/opt/opt.h"
#include "core/base/rng.h"
#include "core/format/safetensors.h"
#include "tests/kit/temp.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static char dir[64];
static const char *arch_name = "bert";

void tiny_arch(const char *name)
{
    arch_name = name;
}

const char *tiny_arch_name(void)
{
    return arch_name;
}

int tiny_encoders(void)
{
    int n = 0;

    for (const struct arch *const *a = arch_table; *a; a++)
        n += !(*a)->causal;
    return n;
}

const char *tiny_encoder(int i)
{
    const struct arch *const *a = arch_table;

    if (i == 0)
        return "bert";
    for (;; a++)
        if (!(*a)->causal && strcmp((*a)->name, "bert") != 0 && --i == 0)
            return (*a)->name;
}

void tiny_checkpoint(const char *to, const char *config, uint64_t seed, double matrices,
                     double vectors)
{
    struct dims d;
    struct param p[96];
    struct st_out out[96];
    struct rng r = rng_make(seed, RNG_STUDY, 0);
    char *path = path_join(to, "model.safetensors");

    temp_file(to, "config.json", config);
    ck_assert_msg(dims_load(&d, to) == 0, "%s", fail_text());
    int n = arch_params(arch_find(d.arch), &d, p, (int)ARRAY_LEN(p));
    for (int i = 0; i < n; i++) {
        bool gain = strstr(p[i].name, "LayerNorm.weight") != NULL;
        double sigma = p[i].is_vector ? vectors : matrices;
        out[i] = (struct st_out){ .name = p[i].name };
        out[i].n_dims = stored_shape(arch_find(d.arch), &p[i], out[i].shape);
        size_t size = 1; /* of the tensor in the file, which may hold several parameters */
        for (int k = 0; k < out[i].n_dims; k++)
            size *= out[i].shape[k];
        real *x = xalloc(size, sizeof *x);
        for (size_t k = 0; k < size; k++)
            x[k] = (real)(float)(gain + sigma * rng_normal(&r));
        out[i].data = x;
    }
    ck_assert_msg(st_write(path, out, n, false) == 0, "%s", fail_text());
    for (int i = 0; i < n; i++) {
        free(p[i].name);
        free((real *)(uintptr_t)out[i].data);
    }
    free(path);
}

/* Everything that DeBERTa has, of a small size. */
static const char tiny_deberta[] =
    "\"relative_attention\": true, \"position_buckets\": 8, \"pos_att_type\": \"p2c|c2p\", "
    "\"share_att_key\": true, \"norm_rel_ebd\": \"layer_norm\", \"position_biased_input\": false, "
    "\"conv_kernel_size\": 3, \"conv_act\": \"gelu\"";

static char *config_text(int n_layers, int d_model)
{
    return xprintf(
        "{\"model_type\": \"%s\", \"num_hidden_layers\": %d, \"hidden_size\": %d, "
        "\"num_attention_heads\": 5, \"intermediate_size\": 100, \"vocab_size\": 113, "
        "\"max_position_embeddings\": 33, \"type_vocab_size\": 2, \"hidden_act\": \"gelu\", "
        "\"initializer_range\": 0.2, \"layer_norm_eps\": 1e-12, "
        "%s}",
        arch_name, n_layers, d_model, tiny_deberta);
}

void tiny_config(int n_layers, int d_model)
{
    char *text = config_text(n_layers, d_model);

    temp_file(dir, "config.json", text);
    free(text);
}

const char *tiny_write(void)
{
    char *text = config_text(3, 60);

    temp_dir(dir);
    tiny_checkpoint(dir, text, 11, 0.2, 0.1);
    free(text);
    return dir;
}

void tiny_remove(void)
{
    temp_remove(dir);
}

static void set_batch(struct tiny_batch *t, int n_seq)
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
    set_batch(t, TINY_SEQS);
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
    set_batch(out, n);
}

struct head tiny_head(enum pooling pooling, bool regression, double p)
{
    if (pooling == POOL_NONE)
        return (struct head){ .pooling = POOL_NONE, .hidden_dropout = p, .attn_dropout = p };
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
        tiny_set(a, cfg, key, value);
    return cfg;
}

void tiny_cfg_free(const struct adapt *a, void *cfg)
{
    opt_free(a->opts, cfg);
    free(cfg);
}

void tiny_set(const struct adapt *a, void *cfg, const char *key, const char *value)
{
    ck_assert_msg(opt_set(opt_find(a->opts, key), cfg, value) == 0, "%s", fail_text());
}

void tiny_fill_b(struct model *m)
{
    for (int i = 0; i < m->n_params; i++) {
        struct param *p = &m->params[i];
        for (size_t k = 0; strstr(p->name, "lora_B") && k < param_size(p); k++)
            p->value[k] = (real)(float)(0.1 * sin((double)k + i));
    }
}
