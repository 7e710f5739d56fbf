/* geometries.c - published shapes of models, by name. */
#include "experiments/assets/geometries.h"
#include "core/base/file.h"
#include "experiments/assets/facts.h"
#include "core/base/suggest.h"

#include <stdlib.h>
#include <string.h>

#define ENCODER(type, layers, d, heads, ffn, words, positions, segments, pool)                     \
    {                                                                                              \
        .arch = type, .n_layers = layers, .d_model = d, .n_heads = heads, .d_head = (d) / (heads), \
        .d_ffn = ffn, .vocab = words, .max_pos = positions, .n_types = segments, .ln_eps = 1e-12,  \
        .init_range = 0.02, .hidden_dropout = 0.1, .attn_dropout = 0.1, .classifier_dropout = 0.1, \
        .act = ACT_GELU, .pooling = pool                                                           \
    }
#define DECODER(layers, d, heads, positions)                                                       \
    {                                                                                              \
        .arch = "gpt2", .n_layers = layers, .d_model = d, .n_heads = heads,                        \
        .d_head = (d) / (heads), .d_ffn = 4 * (d), .vocab = 50257, .max_pos = positions,           \
        .ln_eps = 1e-5, .init_range = 0.02, .hidden_dropout = 0.1, .attn_dropout = 0.1,            \
        .act = ACT_GELU_TANH, .pooling = POOL_NONE                                                 \
    }
#define BERT "bert"

/* RoBERTa's block is BERT's; it has one segment, and two rows of its positions are never used. The
 * pooler stands for the dense layer of its classifier, which is as large. */
const struct published published[] = {
    { "tiny", "for tests", NULL, ENCODER(BERT, 2, 64, 4, 128, 1000, 512, 2, POOL_CLS) },
    { "minilm", "all-MiniLM-L6-v2", NULL,
      ENCODER(BERT, 6, 384, 12, 1536, 30522, 512, 2, POOL_MEAN) },
    { "bert-base", "Devlin et al. 2019", NULL,
      ENCODER(BERT, 12, 768, 12, 3072, 30522, 512, 2, POOL_CLS) },
    { "roberta-base", "Liu et al. 2019", NULL,
      ENCODER(BERT, 12, 768, 12, 3072, 50265, 514, 1, POOL_CLS) },
    { "roberta-large", "Liu et al. 2019", NULL,
      ENCODER(BERT, 24, 1024, 16, 4096, 50265, 514, 1, POOL_CLS) },
    { "deberta-xxl", "He et al. 2021: DeBERTa V2 XXLarge",
      "the table of relative positions with its LayerNorm, and the convolution beside the first "
      "block",
      ENCODER("deberta-v2", 48, 1536, 24, 6144, 128100, 0, 0, POOL_CLS) },
    { "gpt2-small", "Radford et al. 2019", NULL, DECODER(12, 768, 12, 1024) },
    { "gpt2-medium", "Radford et al. 2019", NULL, DECODER(24, 1024, 16, 1024) },
    { "gpt2-large", "Radford et al. 2019", NULL, DECODER(36, 1280, 20, 1024) },
    { "gpt3-175b", "Brown et al. 2020", NULL, DECODER(96, 12288, 96, 2048) },
    { .name = NULL },
};

const struct published *published_find(const char *name)
{
    for (const struct published *p = published; p->name; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}

static int unknown(const char *name)
{
    const char *names[ARRAY_LEN(published)] = { 0 }, *near;
    char *list = xstrdup("");

    for (int i = 0; published[i].name; i++) {
        char *more = xprintf("%s%s%s", list, i ? ", " : "", published[i].name);
        names[i] = published[i].name;
        free(list);
        list = more;
    }
    near = suggest_word(name, names);
    if (near)
        fail(FAIL_USAGE, "unknown geometry '%s'; did you mean '%s'?", name, near);
    else
        fail(FAIL_USAGE,
             "unknown geometry '%s'; there are %s, fetched models and folders of models", name,
             list);
    free(list);
    return -1;
}

static int whole_dims(struct dims *d, bool *pooler, const char **lacks, const char *name)
{
    const struct published *p = published_find(name);

    if (lacks)
        *lacks = p ? p->lacks : NULL;
    if (pooler)
        *pooler = true;
    if (p) {
        *d = p->d;
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
    if (pooler)
        *pooler = m->has_pooler;
    return 0;
}

/* A truncated model has the shapes of the whole one. */
int geometry_dims(struct dims *d, bool *pooler, const char **lacks, const char *name)
{
    char *of = NULL;
    long rank;
    int cut = truncated_name(name, &of, &rank);

    if (cut <= 0)
        return cut < 0 ? -1 : whole_dims(d, pooler, lacks, name);
    int rc = whole_dims(d, pooler, lacks, of);
    int most = rc != 0 ? 0 : d->d_model < d->d_ffn ? d->d_model : d->d_ffn;
    if (rc == 0 && rank > most)
        rc = fail(FAIL_USAGE, "model '%s': its matrices have rank %d at most", name, most);
    free(of);
    return rc;
}
