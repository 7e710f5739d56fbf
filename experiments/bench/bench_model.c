/* bench_model.c - models of known shapes with random weights, and random examples: no file is
 * read. */
#include "experiments/bench/bench_model.h"
#include "core/os/cpu.h"
#include "core/base/rng.h"
#include "experiments/assets/geometry.h"
#include "experiments/bench/bench_words.h"

#include <stdlib.h>
#include <string.h>

int bench_model_dims(struct dims *d, struct session *ses, const struct settings *v)
{
    return geometry_dims(d, NULL, ses, bench_words_model(v));
}

/* --- random examples */

void bench_model_examples(struct dataset *s, const struct dims *d, int n, int tokens, bool labels)
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

void bench_model_examples_free(struct dataset *s)
{
    free(s->ids);
    free(s->off);
    free(s->second);
    free(s->label);
    *s = (struct dataset){ 0 };
}

/* --- the model */

static int parse_recipe(struct bench_model *b, struct session *ses, const struct settings *v,
                        long sequences, long tokens)
{
    struct recipe *r = &b->r;

    if (settings_get(v, "task"))
        return fail(
            FAIL_USAGE,
            "'task' needs 'lowrank bench task'; here the examples are random, --sequences of "
            "--tokens each");
    if (recipe_parse(r, v) != 0)
        return -1;
    r->session = ses;
    if (!settings_get(v, "batch"))
        r->train.batch = sequences;
    if (tokens > b->d.max_pos - recipe_rows(r))
        return fail(FAIL_USAGE, "--tokens is %ld, but the model has %d positions", tokens,
                    b->d.max_pos - recipe_rows(r));
    b->task = (struct task){ .n_labels = strcmp(b->d.arch, "gpt2") == 0 ? 0 : 2, /* 0: a decoder */
                             .n_metrics = 1,
                             .max_len = b->d.max_pos };
    b->task.name = xstrdup("random examples");
    b->task.metrics[0] = xstrdup("accuracy");
    return recipe_autos(r, &b->d, &b->task);
}

/* Random weights, unlike those of a file, have to fit into memory. */
static int check_size(const struct dims *d, const char *model)
{
    size_t have = cpu_info()->mem_available, bytes = 0;
    struct base_model b;

    if (base_model_outline(&b, d, true) != 0)
        return -1;
    for (int i = 0; i < b.n_params; i++)
        bytes += (size_t)b.params[i].rows * (size_t)b.params[i].cols * sizeof(real);
    base_model_free(&b);
    if (bytes <= have)
        return 0;
    return fail(FAIL_MEMORY, "the weights of '%s' take %.1f GB, but %.1f GB is available", model,
                1e-9 * (double)bytes, 1e-9 * (double)have);
}

/* Random weights may be changed as long as nothing is packed. */
static void merge_update(struct base_model *b, const struct model *from)
{
    for (int i = 0; i < b->n_params; i++) {
        const struct param *p = &b->params[i];
        if (p->layer >= 0 && p->role < ROLE_B && from->adapt->merge)
            from->adapt->merge(from, p->layer, (enum proj)p->role,
                               mat_make(p->value, p->rows, p->cols), 1);
    }
}

int bench_model_init(struct bench_model *b, struct session *ses, const struct settings *v,
                     long sequences, long tokens, const struct model *update)
{
    *b = (struct bench_model){ 0 };
    if (bench_model_dims(&b->d, ses, v) != 0 || check_size(&b->d, bench_words_model(v)) != 0 ||
        parse_recipe(b, ses, v, sequences, tokens) != 0 ||
        base_model_random(&b->base, &b->d, 1) != 0)
        goto failed;
    bench_model_examples(&b->set, &b->d, (int)b->r.train.batch, (int)tokens, b->task.n_labels > 0);
    if (update)
        merge_update(&b->base, update);
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

void bench_model_fill(struct model *m)
{
    struct rng r = rng_make(2, RNG_INIT, 0);

    for (int i = m->base->n_params; i < m->n_params; i++) {
        const struct param *p = &m->params[i];
        if (param_is_head(p))
            continue;
        for (size_t k = 0; k < (size_t)p->rows * (size_t)p->cols; k++)
            p->value[k] = (real)(0.02 * rng_normal(&r));
    }
}

void bench_model_free(struct bench_model *b)
{
    model_free(&b->m);
    base_model_free(&b->base);
    bench_model_examples_free(&b->set);
    free(b->task.name);
    free(b->task.metrics[0]);
    recipe_free(&b->r);
    *b = (struct bench_model){ 0 };
}
