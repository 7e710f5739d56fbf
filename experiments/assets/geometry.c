/* geometry.c - the shapes of models, by name. */
#include "experiments/assets/geometry.h"
#include "core/base/text.h"
#include "core/opt/suggest.h"
#include "core/os/file.h"
#include "experiments/assets/model_dir.h"
#include "experiments/assets/model_facts.h"
#include "experiments/assets/truncate.h"

#include <stdlib.h>
#include <string.h>

#define ENCODER(type, layers, d, heads, ffn, words, positions, segments, pool)                     \
    {                                                                                              \
        .arch = type, .n_layers = layers, .d_model = d, .n_heads = heads, .d_head = (d) / (heads), \
        .d_ffn = ffn, .vocab = words, .max_pos = positions, .n_types = segments, .ln_eps = 1e-12,  \
        .init_range = 0.02, .hidden_dropout = 0.1, .attn_dropout = 0.1, .classifier_dropout = 0.1, \
        .act = ACT_GELU, .pooling = pool                                                           \
    }
/* V2 and V3: 256 buckets for up to 512 tokens, without projections of their own. */
#define DEBERTA(layers, d, heads, ffn, width)                                                      \
    {                                                                                              \
        .arch = "deberta-v2", .n_layers = layers, .d_model = d, .n_heads = heads,                  \
        .d_head = (d) / (heads), .d_ffn = ffn, .vocab = 128100, .max_pos = 512,                    \
        .no_positions = true, .conv = width, .conv_act = ACT_GELU, .dense_act = ACT_GELU,          \
        .rel = { .span = 256,                                                                      \
                 .buckets = 256,                                                                   \
                 .far = 512,                                                                       \
                 .c2p = true,                                                                      \
                 .p2c = true,                                                                      \
                 .norm = true },                                                                   \
        .ln_eps = 1e-7, .init_range = 0.02, .hidden_dropout = 0.1, .attn_dropout = 0.1,            \
        .classifier_dropout = 0.1, .act = ACT_GELU, .pooling = POOL_CLS                            \
    }
#define DECODER(layers, d, heads, positions)                                                       \
    {                                                                                              \
        .arch = "gpt2", .n_layers = layers, .d_model = d, .n_heads = heads,                        \
        .d_head = (d) / (heads), .d_ffn = 4 * (d), .vocab = 50257, .max_pos = positions,           \
        .ln_eps = 1e-5, .init_range = 0.02, .hidden_dropout = 0.1, .attn_dropout = 0.1,            \
        .act = ACT_GELU_TANH, .pooling = POOL_NONE                                                 \
    }
#define BERT "bert"

/* RoBERTa has BERT's blocks and one segment; two rows of its position table are never used. Its
 * classifier's dense layer is as large as BERT's pooler and counts as one. */
const struct geometry geometry_table[] = {
    { "tiny", "for tests", ENCODER(BERT, 2, 64, 4, 128, 1000, 512, 2, POOL_CLS) },
    { "minilm", "all-MiniLM-L6-v2", ENCODER(BERT, 6, 384, 12, 1536, 30522, 512, 2, POOL_MEAN) },
    { "bert-base", "Devlin et al. 2019",
      ENCODER(BERT, 12, 768, 12, 3072, 30522, 512, 2, POOL_CLS) },
    { "roberta-base", "Liu et al. 2019",
      ENCODER(BERT, 12, 768, 12, 3072, 50265, 514, 1, POOL_CLS) },
    { "roberta-large", "Liu et al. 2019",
      ENCODER(BERT, 24, 1024, 16, 4096, 50265, 514, 1, POOL_CLS) },
    { "deberta-v3-base", "He et al. 2023", DEBERTA(12, 768, 12, 3072, 0) },
    { "deberta-xxl", "He et al. 2021: DeBERTa V2 XXLarge", DEBERTA(48, 1536, 24, 6144, 3) },
    { "gpt2-small", "Radford et al. 2019", DECODER(12, 768, 12, 1024) },
    { "gpt2-medium", "Radford et al. 2019", DECODER(24, 1024, 16, 1024) },
    { "gpt2-large", "Radford et al. 2019", DECODER(36, 1280, 20, 1024) },
    { "gpt3-175b", "Brown et al. 2020", DECODER(96, 12288, 96, 2048) },
    { .name = NULL },
};

const struct geometry *geometry_find(const char *name)
{
    for (const struct geometry *g = geometry_table; g->name; g++)
        if (strcmp(g->name, name) == 0)
            return g;
    return NULL;
}

static int unknown_geometry(const char *name)
{
    const char *names[ARRAY_LEN(geometry_table)] = { 0 };
    struct text otherwise = { 0 };

    for (int i = 0; geometry_table[i].name; i++) {
        names[i] = geometry_table[i].name;
        text_add(&otherwise, "%s%s", i ? ", " : "it must be one of ", names[i]);
    }
    text_add(&otherwise, ", a fetched model or a model folder");
    suggest_fail(FAIL_USAGE, "geometry", name, names, text_string(&otherwise));
    text_free(&otherwise);
    return -1;
}

static bool is_model(const char *home, const char *name)
{
    char *models = home_path(home, "models"), *dir = path_join(models, name);
    bool there = strchr(name, '/') || model_dir_is(dir);

    free(dir);
    free(models);
    return there;
}

static int full_dims(struct dims *d, bool *pooler, struct session *s, const char *name)
{
    const struct geometry *g = geometry_find(name);
    const struct model_facts *m = NULL;

    if (!g && !is_model(s->home, name))
        return unknown_geometry(name);
    if (!g && !(m = model_facts(s, name)))
        return -1;
    *d = g ? g->d : m->dims;
    if (pooler)
        *pooler = g || m->has_pooler;
    return 0;
}

/* A truncated model has the shapes of the model that it is made from. */
int geometry_dims(struct dims *d, bool *pooler, struct session *s, const char *name)
{
    char *of = NULL;
    long rank;
    int truncated = truncate_name(name, &of, &rank);

    if (truncated <= 0)
        return truncated < 0 ? -1 : full_dims(d, pooler, s, name);
    int rc = full_dims(d, pooler, s, of);
    int most = rc != 0 ? 0 : d->d_model < d->d_ffn ? d->d_model : d->d_ffn;
    if (rc == 0 && rank > most)
        rc = fail(FAIL_USAGE, "model '%s': its matrices have a rank of at most %d", name, most);
    free(of);
    return rc;
}
