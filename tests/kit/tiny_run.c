/* tiny_run.c - a small model, data and a sink for tests of training. */
#include "tests/kit/tiny_run.h"
#include "core/base/rng.h"
#include "core/base/text.h"
#include "core/format/safetensors.h"
#include "tests/kit/tiny.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { VOCAB = 40, MAX_POS = 64, FIRST_WORD = 5 };

static char method_name[64];

void write_vocab(const char *dir)
{
    struct text vocab = { 0 };

    text_add(&vocab, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nsun\nshines\nrain\nfalls\n");
    for (char c = 'a'; c <= 'z'; c++)
        text_add(&vocab, "%c\n##%c\n", c, c);
    temp_file(dir, "vocab.txt", text_string(&vocab));
    text_free(&vocab);
}

static void write_model(const char *dir)
{
    char *text =
        xprintf("{\"model_type\": \"%s\", \"num_hidden_layers\": 2, \"hidden_size\": 16,"
                " \"num_attention_heads\": 2, \"intermediate_size\": 24, \"vocab_size\": 40,"
                " \"max_position_embeddings\": 96, \"initializer_range\": 0.2}",
                tiny_arch_name());

    tiny_checkpoint(dir, text, 5, 0.3, 0.3);
    free(text);
}

static void make_set(struct dataset *d, int n, bool regression, uint32_t sub)
{
    struct rng r = rng_make(9, RNG_STUDY, sub);

    *d = (struct dataset){ .n = n };
    d->ids = xalloc((size_t)n * MAX_POS, sizeof *d->ids);
    d->off = xalloc((size_t)n + 1, sizeof *d->off);
    d->second = xalloc((size_t)n, sizeof *d->second);
    d->line = xalloc((size_t)n, sizeof *d->line);
    d->label = regression ? NULL : xalloc((size_t)n, sizeof *d->label);
    d->target = regression ? xalloc((size_t)n, sizeof *d->target) : NULL;
    for (int i = 0; i < n; i++) {
        int len = 4 + (int)rng_below(&r, MAX_POS - 4), even = 0;
        for (int k = 0; k < len; k++) {
            int id = FIRST_WORD + (int)rng_below(&r, VOCAB - FIRST_WORD);
            even += id % 2 == 0;
            d->ids[d->n_tokens++] = id;
        }
        d->off[i + 1] = d->n_tokens;
        d->second[i] = len / 2;
        d->line[i] = i + 2;
        if (len > d->max_tokens)
            d->max_tokens = len;
        if (regression)
            d->target[i] = (double)even / len;
        else
            d->label[i] = 2 * even > len;
    }
}

static void make_task(struct task *t, bool regression)
{
    const char *names[] = { regression ? "pearson" : "accuracy", regression ? "mse" : "f1" };

    *t = (struct task){ .regression = regression, .n_labels = regression ? 0 : 2, .n_metrics = 2 };
    t->name = xstrdup("tiny");
    t->metrics[0] = xstrdup(names[0]);
    t->metrics[1] = xstrdup(names[1]);
    if (regression)
        return;
    t->labels = xalloc(2, sizeof *t->labels);
    t->labels[0] = xstrdup("odd");
    t->labels[1] = xstrdup("even");
}

void tiny_again(struct tiny *t, int threads)
{
    const struct adapt *a = adapt_find(method_name);
    struct head h = { .n_labels = t->task.regression ? 1 : 2,
                      .regression = t->task.regression,
                      .pooling = POOL_MEAN,
                      .pool_scale = 1,
                      .hidden_dropout = 0.1,
                      .attn_dropout = 0.1,
                      .classifier_dropout = 0.1 };

    CHECK(a, "%s", method_name);
    model_free(&t->model);
    pool_free(t->pool);
    t->pool = pool_new(threads);
    void *cfg = xalloc(1, a->cfg_size + 1);
    if (a->opts)
        opt_defaults(a->opts, cfg);
    CHECK(model_init(&t->model, &t->base, &h, a, cfg, 3, false) == 0, "%s", fail_text());
    if (a->opts)
        opt_free(a->opts, cfg);
    free(cfg);
    t->best = xgrow(t->best, t->model.n_train + 1, sizeof *t->best);
    t->job.model = &t->model;
    t->job.cfg = &t->cfg;
    t->job.pool = t->pool;
    t->job.seed = t->job.order_seed = 11;
    t->job.run_key = "0123456789abcdef";
    t->job.best_theta = t->best;
}

void tiny_init(struct tiny *t, int n, bool regression, const char *method, int threads)
{
    *t = (struct tiny){ 0 };
    snprintf(method_name, sizeof method_name, "%s", method);
    verbosity = -1;
    temp_dir(t->dir);
    write_model(t->dir);
    CHECK(base_model_load(&t->base, t->dir) == 0, "%s", fail_text());
    make_task(&t->task, regression);
    t->job.data.task = &t->task;
    for (int s = 0; s < N_SPLITS; s++) {
        make_set(&t->set[s], s == SPLIT_TRAIN ? n : 37, regression, (uint32_t)s);
        t->job.data.split[s] = s == SPLIT_SELECT ? NULL : &t->set[s];
    }
    opt_defaults(train_opts, &t->cfg);
    tiny_again(t, threads);
}

static int log_point(void *self, long step, const char *split, const char *name, double value)
{
    struct log *l = self;

    if (step == l->refuse_at && step > 0)
        return fail(FAIL_STORE, "refused");
    CHECK(l->n < (int)ARRAY_LEN(l->point), "%d points", l->n);
    struct log_point *p = &l->point[l->n++];
    *p = (struct log_point){ .step = step, .value = value };
    snprintf(p->split, sizeof p->split, "%s", split);
    snprintf(p->name, sizeof p->name, "%s", name);
    return 0;
}

static int log_prediction(void *self, const char *split, long line, double label, double output)
{
    struct log *l = self;

    if (strcmp(split, "dev") != 0)
        return 0;
    CHECK(l->n_predictions < (int)ARRAY_LEN(l->line), "%d", l->n_predictions);
    l->line[l->n_predictions] = line;
    l->label[l->n_predictions] = label;
    l->output[l->n_predictions++] = output;
    return 0;
}

static int log_tick(void *self, long step, long steps, double tokens)
{
    (void)steps;
    (void)tokens;
    if (step == ((struct log *)self)->signal_at)
        raise(SIGUSR1);
    if (step == ((struct log *)self)->leave_at)
        return TICK_ABANDON;
    return step == ((struct log *)self)->stop_at ? TICK_STOP : TICK_GO_ON;
}

double log_find(const struct log *l, long step, const char *split, const char *name, int *count)
{
    double value = NAN;
    int found = 0;

    for (int i = 0; i < l->n; i++) {
        const struct log_point *p = &l->point[i];
        if (p->step != step || strcmp(p->split, split) != 0 || strcmp(p->name, name) != 0)
            continue;
        value = p->value;
        found++;
    }
    if (count)
        *count = found;
    return value;
}

int tiny_run(struct tiny *t, struct log *log)
{
    t->job.sink = (struct sink){ log, log_point, log_prediction, log_tick, NULL };
    return train_run(&t->job, &t->result);
}

void tiny_free(struct tiny *t)
{
    model_free(&t->model);
    base_model_free(&t->base);
    pool_free(t->pool);
    task_free(&t->task);
    for (int s = 0; s < N_SPLITS; s++)
        dataset_free(&t->set[s]);
    opt_free(train_opts, &t->cfg);
    free(t->best);
    temp_remove(t->dir);
    *t = (struct tiny){ 0 };
}

real *tiny_keep(const real *x, size_t n)
{
    real *y = xalloc(n, sizeof *y);

    memcpy(y, x, n * sizeof *y);
    return y;
}

bool tiny_same_bits(const real *x, const real *y, size_t n)
{
    return memcmp(x, y, n * sizeof *x) == 0;
}

bool log_same(const struct log *a, int from, const struct log *b)
{
    if (a->n - from != b->n)
        return false;
    for (int i = 0; i < b->n; i++) {
        const struct log_point *x = &a->point[from + i], *y = &b->point[i];
        if (x->step != y->step || strcmp(x->split, y->split) != 0 ||
            strcmp(x->name, y->name) != 0 || memcmp(&x->value, &y->value, sizeof x->value) != 0)
            return false;
    }
    return true;
}
