/* bench_geometry.c - models of published shapes with random weights, and random examples: nothing
 * is read. */
#include "experiments/bench.h"
#include "core/base/rng.h"

#include <stdlib.h>
#include <string.h>

#define ENCODER(layers, d, heads, ffn, words, positions, segments, pool)                           \
    {                                                                                              \
        .arch = "bert", .n_layers = layers, .d_model = d, .n_heads = heads,                        \
        .d_head = (d) / (heads), .d_ffn = ffn, .vocab = words, .max_pos = positions,               \
        .n_types = segments, .ln_eps = 1e-12, .init_range = 0.02, .hidden_dropout = 0.1,           \
        .attn_dropout = 0.1, .classifier_dropout = 0.1, .act = ACT_GELU, .pooling = pool           \
    }
#define DECODER(layers, d, heads, words)                                                           \
    {                                                                                              \
        .arch = "gpt2", .n_layers = layers, .d_model = d, .n_heads = heads,                        \
        .d_head = (d) / (heads), .d_ffn = 4 * (d), .vocab = words, .max_pos = 1024,                \
        .ln_eps = 1e-5, .init_range = 0.02, .hidden_dropout = 0.1, .attn_dropout = 0.1,            \
        .act = ACT_GELU_TANH                                                                       \
    }

/* RoBERTa's block is BERT's; its positions begin at 2 and it has one segment. */
static const struct {
    const char *name, *source;
    struct dims d;
} geometries[] = {
    { "tiny", "for tests", ENCODER(2, 64, 4, 128, 1000, 512, 2, POOL_CLS) },
    { "minilm", "all-MiniLM-L6-v2", ENCODER(6, 384, 12, 1536, 30522, 512, 2, POOL_MEAN) },
    { "roberta-base", "Liu et al. 2019", ENCODER(12, 768, 12, 3072, 50265, 512, 1, POOL_CLS) },
    { "gpt2-small", "Radford et al. 2019", DECODER(12, 768, 12, 50257) },
    { "gpt2-medium", "Radford et al. 2019", DECODER(24, 1024, 16, 50257) },
};

enum { N_GEOMETRIES = ARRAY_LEN(geometries) };

int bench_words(struct settings *v, const char *first, int n, char **words)
{
    for (int i = 0; i < n; i++) {
        if (i == 0 && !strchr(words[i], '='))
            settings_set(v, first, words[i], "command line");
        else if (settings_word(v, words[i]) != 0)
            return -1;
    }
    return 0;
}

static int unknown(const char *name)
{
    const char *names[N_GEOMETRIES + 1] = { 0 };

    for (int i = 0; i < N_GEOMETRIES; i++)
        names[i] = geometries[i].name;
    const char *near = nearest(name, names);
    if (near)
        return fail(FAIL_USAGE, "unknown geometry '%s'; did you mean '%s'?", name, near);
    return fail(FAIL_USAGE,
                "unknown geometry '%s'; there are tiny, minilm, roberta-base, gpt2-small and "
                "gpt2-medium, fetched models and folders of models",
                name);
}

int bench_dims(struct dims *d, const struct settings *v, const char *geometry)
{
    const struct setting *s = settings_get(v, "model");
    const char *name = s ? s->value : geometry;

    for (int i = 0; i < N_GEOMETRIES; i++)
        if (strcmp(geometries[i].name, name) == 0) {
            *d = geometries[i].d;
            return 0;
        }
    char *top = home_path("models"), *dir = xprintf("%s/%s", top, name);
    bool is_model = strchr(name, '/') || file_in(dir, "config.json");
    free(dir);
    free(top);
    if (!is_model)
        return unknown(name);
    const struct model_facts *m = model_facts(name);
    if (!m)
        return -1;
    *d = m->dims;
    return 0;
}

/* --- random examples */

static void fill_set(struct dataset *s, const struct dims *d, int n, int tokens, bool labels)
{
    struct rng r = rng_make(1, RNG_ORDER, 0);
    size_t all = (size_t)n * (size_t)tokens;

    *s = (struct dataset){ .n = n, .max_tokens = tokens, .n_tokens = all };
    s->ids = xalloc(all, sizeof *s->ids);
    s->off = xalloc((size_t)n + 1, sizeof *s->off);
    s->second = xalloc((size_t)n, sizeof *s->second);
    s->label = labels ? xalloc((size_t)n, sizeof *s->label) : NULL;
    for (size_t i = 0; i < all; i++)
        s->ids[i] = (int)rng_below(&r, (uint32_t)d->vocab);
    for (int i = 0; i < n; i++) {
        s->off[i + 1] = (size_t)(i + 1) * (size_t)tokens;
        s->second[i] = tokens;
        if (labels)
            s->label[i] = i % 2;
    }
}

static void free_set(struct dataset *s)
{
    free(s->ids);
    free(s->off);
    free(s->second);
    free(s->label);
}

/* --- the model */

static int read_recipe(struct bench_model *b, const struct settings *v, long sequences, long tokens)
{
    struct recipe *r = &b->r;

    if (settings_get(v, "task"))
        return fail(FAIL_USAGE,
                    "'task' is for 'lowrank bench task'; here examples are random: --sequences of "
                    "--tokens");
    if (recipe_parse(r, v) != 0)
        return -1;
    if (!settings_get(v, "batch"))
        r->train.batch = sequences;
    if (tokens > b->d.max_pos)
        return fail(FAIL_USAGE, "--tokens is %ld, but the model has %d positions", tokens,
                    b->d.max_pos);
    b->task = (struct task){ .n_labels = strcmp(b->d.arch, "gpt2") == 0 ? 0 : 2, /* decodes */
                             .n_metrics = 1,
                             .max_len = b->d.max_pos };
    b->task.name = xstrdup("random examples");
    b->task.metrics[0] = xstrdup("accuracy");
    return recipe_autos(r, &b->d, &b->task);
}

/* The numbers of a random base may be changed as long as nothing is packed. */
static void add_update(struct base *b, const struct model *from)
{
    for (int i = 0; i < b->n_params; i++) {
        const struct param *p = &b->params[i];
        if (p->layer >= 0 && p->role < ROLE_B && from->adapt->merge)
            from->adapt->merge(from, p->layer, (enum proj)p->role,
                               mat_make(p->value, p->rows, p->cols), 1);
    }
}

int bench_model_init(struct bench_model *b, const struct settings *v, const char *geometry,
                     long sequences, long tokens, const struct model *update)
{
    *b = (struct bench_model){ 0 };
    if (bench_dims(&b->d, v, geometry) != 0 || read_recipe(b, v, sequences, tokens) != 0 ||
        base_random(&b->base, &b->d, 1) != 0)
        goto failed;
    fill_set(&b->set, &b->d, (int)b->r.train.batch, (int)tokens, b->task.n_labels > 0);
    if (update)
        add_update(&b->base, update);
    struct head head = recipe_head(&b->r, &b->task);
    if (head.n_labels == 0)
        head.pooling = POOL_NONE;
    if (model_init(&b->m, &b->base, &head, b->r.method, b->r.method_cfg, (uint64_t)b->r.run.seed,
                   false) == 0)
        return 0;
failed:
    bench_model_free(b);
    return -1;
}

void bench_model_free(struct bench_model *b)
{
    model_free(&b->m);
    base_free(&b->base);
    free_set(&b->set);
    free(b->task.name);
    free(b->task.metrics[0]);
    recipe_free(&b->r);
    *b = (struct bench_model){ 0 };
}

/* --- what it is called */

const char *bench_method(char buf[120], const struct recipe *r)
{
    static const char *const keys[] = { "rank", "targets", "top_layers" };
    int at = snprintf(buf, 120, "%s", r->method->name);

    for (size_t i = 0; i < ARRAY_LEN(keys) && at < 120; i++) {
        const struct opt *o = r->method->opts ? opt_find(r->method->opts, keys[i]) : NULL;
        char value[80];
        if (o)
            at += snprintf(buf + at, (size_t)(120 - at), " %s=%s", keys[i],
                           opt_text(o, r->method_cfg, value, sizeof value));
    }
    return buf;
}

/* Does M multiply with any frozen matrix? */
static bool has_frozen(const struct model *m)
{
    int n = m->base->dims.n_layers * N_GROUP;
    unsigned char *need = xalloc((size_t)n, 1);
    bool any = false;

    model_packs(m, need);
    for (int i = 0; i < n; i++)
        any |= need[i] != PACK_NONE;
    free(need);
    return any;
}

const char *bench_precision(char buf[16], const struct recipe *r, const struct model *m)
{
    bool bf16 = recipe_precision(r) == PRECISION_BF16 && (!m || has_frozen(m));

    snprintf(buf, 16, "%s", bf16 ? "bf16" : real_name());
    return buf;
}
