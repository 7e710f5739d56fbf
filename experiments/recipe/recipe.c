/* recipe.c - settings to types, checked against the model and the task. */
#include "experiments/recipe/recipe.h"
#include "core/os/cpu.h"
#include "experiments/recipe/footprint.h"
#include "experiments/recipe/inputs.h"
#include "experiments/recipe/keys.h"
#include "experiments/recipe/precision.h"
#include "experiments/recipe/start.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DECODERS_TASK "define" /* where no task is named */
enum { MODELS_DROPOUT = -1 };  /* of the keys *_dropout: the model's own */

#define AT(f) offsetof(struct run_cfg, f)
const struct opt run_opts[] = {
    { "model", 0, OPT_STR, AT(model), "minilm", 0, 0, NULL,
      "pretrained model: a folder, or the name of a fetched model" },
    { "task", 0, OPT_STR, AT(task), "supersense", 0, 0, NULL,
      "a name in experiments/tasks, or a task file; of a decoder, define unless it is named" },
    { "method", 0, OPT_STR, AT(method), "lora", 0, 0, NULL,
      "which parameters are added or trained; several methods as a+b" },
    { "seed", 0, OPT_INT, AT(seed), "1", 0, OPT_MOST_INT, NULL,
      "for the choice and the order of examples, initial values and dropout" },
    { "data_seed", 0, OPT_INT, AT(data_seed), "-1", -1, OPT_MOST_INT, NULL,
      "for the choice of training examples only (train_n, select); -1: seed" },
    { "order_seed", 0, OPT_INT, AT(order_seed), "-1", -1, OPT_MOST_INT, NULL,
      "for the order of examples only; -1: seed" },
    { "init_seed", 0, OPT_INT, AT(init_seed), "-1", -1, OPT_MOST_INT, NULL,
      "for initial values only; -1: seed" },
    { "init_from", 0, OPT_STR, AT(init_from), NULL, 0, 0, NULL,
      "adapter that training starts from, except its classifier: a folder, a run's key, "
      "best:STUDY, or none" },
    { "shots", 0, OPT_INT, AT(shots), "0", 0, OPT_MOST_INT, NULL,
      "generation tasks, method none: training examples that stand before every prompt (few-shot "
      "prompting)" },
    { "generate_n", 0, OPT_INT, AT(generate_n), "0", -1, OPT_MOST_INT, NULL,
      "generation tasks: inputs of the reported split for which texts are generated and scored "
      "after training, as the task's file says under 'generate'; 0: none; -1: all" },
    { "precision", 0, OPT_CHOICE, AT(precision), "auto", 0, 0, PRECISIONS,
      "of products with frozen weights; auto: bf16 if the CPU is faster with it; q8_0, q4_1, nf4: "
      "the matrices of the base model are stored in blocks of 8 or 4 bits (QLoRA)" },
    { .type = OPT_END },
};
#undef AT

const struct opt *recipe_opt(const struct recipe *r, const char *key, void **field_of)
{
    const struct {
        const struct opt *table;
        const void *cfg;
    } all[] = { { run_opts, &r->run },
                { train_opts, &r->train },
                { r->method ? r->method->opts : NULL, r->method_cfg } };

    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        const struct opt *o = opt_find(all[i].table, key);
        if (o && field_of)
            *field_of = (void *)(uintptr_t)all[i].cfg;
        if (o)
            return o;
    }
    return NULL;
}

int recipe_unknown_method(const struct location *location, const char *name)
{
    const char *word = adapt_unknown(name), *names[64] = { adapt_nothing->name };
    char hint[SUGGEST_HINT];

    if (!*word)
        return location_fail(location, "'method' is '%s': the name of a method is missing", name);
    if (adapt_find(word) == adapt_nothing)
        return location_fail(location,
                             "'method' is '%s', but 'none' cannot be combined with others", name);
    if (adapt_find(word))
        return location_fail(location, "'method' is '%s', which names '%s' twice", name, word);
    for (int n = 0; adapt_table[n] && n < (int)ARRAY_LEN(names) - 2; n++)
        names[n + 1] = adapt_table[n]->name;
    return location_fail(location, "unknown method '%s'%s", word,
                         suggest_hint(hint, word, names, NULL));
}

static int find_method(struct recipe *r, const struct setting *s)
{
    const struct location none = location_named("default");
    const char *name = s ? s->value : "lora";

    r->method = adapt_find(name);
    if (!r->method)
        return recipe_unknown_method(s ? &s->location : &none, name);
    r->method_cfg = xalloc(1, r->method->cfg_size);
    if (r->method->opts)
        opt_defaults(r->method->opts, r->method_cfg);
    return 0;
}

/* "-0" is a mistake wherever zero is a valid value. */
static bool minus_zero(const struct opt *o, const void *cfg)
{
    const double *x = (const double *)(const void *)((const char *)cfg + o->at);

    return o->type == OPT_REAL && *x == 0 && signbit(*x);
}

/* A key of another method is ignored, but not where the method has ranks, too, which would then
 * not be those that were asked for. */
static int check_other_method(const struct recipe *r, const struct setting *s)
{
    if (strcmp(s->key, "rank_pattern") != 0 || strcmp(s->value, "none") == 0 ||
        !recipe_opt(r, "rank", NULL))
        return 0;
    return location_fail(&s->location,
                         "'rank_pattern' is '%s', but '%s' has one rank for all matrices", s->value,
                         r->method->name);
}

static int set_field(struct recipe *r, const struct setting *s)
{
    void *cfg = NULL;
    const struct opt *o = recipe_opt(r, s->key, &cfg);
    char hint[SUGGEST_HINT];

    if (!o && keys_find(s->key))
        return check_other_method(r, s);
    if (!o)
        return location_fail(&s->location, "unknown key '%s'%s", s->key, keys_hint(hint, s->key));
    if (opt_set(o, cfg, s->value) != 0)
        return location_context(&s->location);
    if (minus_zero(o, cfg))
        return location_fail(&s->location, "'%s' must not be '%s'", s->key, s->value);
    if (o->type == OPT_STR && cfg == (void *)&r->run && !*s->value)
        return location_fail(&s->location, "'%s' is empty", s->key);
    return 0;
}

static void replace_string(char **s, const char *with)
{
    char *copy = xstrdup(with);

    free(*s);
    *s = copy;
}

int recipe_parse(struct recipe *r, const struct settings *v)
{
    *r = (struct recipe){ 0 };
    opt_defaults(run_opts, &r->run);
    opt_defaults(train_opts, &r->train);
    int rc = find_method(r, settings_get(v, "method"));
    for (int i = 0; i < v->n && rc == 0; i++)
        rc = set_field(r, &v->s[i]);
    if (rc == 0)
        replace_string(&r->run.method, r->method->name); /* one name for "a,b" and "b+a" */
    else
        recipe_free(r);
    return rc;
}

int recipe_rows(const struct recipe *r)
{
    return r->method ? adapt_rows(r->method, r->method_cfg) : 0;
}

/* The value of an integer key; 0: this run's method does not have it. */
static long integer_value(const struct recipe *r, const char *key)
{
    void *cfg = NULL;
    const struct opt *o = recipe_opt(r, key, &cfg);

    return o && o->type == OPT_INT ? *(const long *)(const void *)((const char *)cfg + o->at) : 0;
}

static const char *input_name(const struct task *t)
{
    return t->generates ? "a prompt with its target" : t->col_pair ? "a pair of texts" : "a text";
}

/* Positions of the model that the method's rows take are not available to the text. */
static int fit_max_len(struct recipe *r, const struct dims *d, const struct task *t)
{
    struct train_cfg *c = &r->train;
    int least = t->generates  ? 2
                : t->col_pair ? 5
                              : 3,
        rows = recipe_rows(r), room = d->max_pos - rows;

    if (c->max_len == 0)
        c->max_len = t->max_len == 0 ? room : t->max_len < d->max_pos ? t->max_len : d->max_pos;
    if (c->max_len > d->max_pos)
        return fail_setting("max_len", "'max_len' is %ld, but the model has %d positions",
                            c->max_len, d->max_pos);
    if (rows > 0 && room < least)
        return fail_setting(
            "prefix,infix",
            "'prefix' is %ld and 'infix' is %ld, but the model has %d positions, of which %s "
            "needs %d",
            integer_value(r, "prefix"), integer_value(r, "infix"), d->max_pos, input_name(t),
            least);
    if (c->max_len < least) /* the special tokens and one token of each text */
        return fail_setting("max_len", "'max_len' is %ld, but %s needs %d tokens", c->max_len,
                            input_name(t), least);
    if (c->max_len > room) {
        c->max_len = room;
        if (session_first(r->session, "max_len %d", room))
            warn("'max_len' is lowered to %d: of the model's %d positions '%s' takes %d", room,
                 d->max_pos, r->method->name, rows);
    }
    return 0;
}

/* One spelling of a share: "0.10" is "0.1". */
static void name_select(struct train_cfg *c)
{
    char share[40];

    if (train_select(c) == 0)
        return;
    snprintf(share, sizeof share, "%.15g", train_select(c));
    replace_string(&c->select, share);
}

int recipe_autos(struct recipe *r, const struct dims *d, const struct task *t)
{
    struct train_cfg *c = &r->train;

    r->generates = t->generates;
    if (recipe_precision(r) == PRECISION_BF16 && !cpu_info()->bf16_fast &&
        session_first(r->session, "bf16"))
        warn("'precision' is bf16, but this CPU multiplies bf16 more slowly than f32; auto takes "
             "f32");
    r->run.precision = precision_choice(recipe_precision(r));
    if (c->pooling == POOLING_AUTO)
        c->pooling = d->pooling == POOL_MEAN ? POOLING_MEAN : POOLING_CLS;
    if (c->hidden_dropout == MODELS_DROPOUT)
        c->hidden_dropout = d->hidden_dropout;
    if (c->attn_dropout == MODELS_DROPOUT)
        c->attn_dropout = d->attn_dropout;
    if (c->classifier_dropout == MODELS_DROPOUT)
        c->classifier_dropout = d->classifier_dropout;
    if (fit_max_len(r, d, t) != 0)
        return -1;
    if (!c->best_by || !*c->best_by) {
        free(c->best_by);
        c->best_by = xstrdup(t->n_metrics ? t->metrics[0] : "loss");
    }
    if (train_cfg_check(c, t) != 0)
        return -1;
    name_select(c);
    bool all = strcmp(c->recompute, "true") == 0;
    return all || train_recompute(c) <= d->n_layers
               ? 0
               : fail_setting("recompute", "'recompute' is %s, but the model has %d blocks",
                              c->recompute, d->n_layers);
}

uint64_t recipe_data_seed(const struct recipe *r)
{
    return (uint64_t)(r->run.data_seed >= 0 ? r->run.data_seed : r->run.seed);
}

uint64_t recipe_order_seed(const struct recipe *r)
{
    return (uint64_t)(r->run.order_seed >= 0 ? r->run.order_seed : r->run.seed);
}

uint64_t recipe_init_seed(const struct recipe *r)
{
    return (uint64_t)(r->run.init_seed >= 0 ? r->run.init_seed : r->run.seed);
}

struct head recipe_head(const struct recipe *r, const struct task *t)
{
    return (struct head){ .n_labels = t->generates    ? 0
                                      : t->regression ? 1
                                                      : t->n_labels,
                          .regression = t->regression,
                          .pooling =
                              t->generates ? POOL_NONE : pooling_of(r->train.pooling, POOL_MEAN),
                          .label_smoothing = r->train.label_smoothing,
                          .pool_scale = r->train.pool_scale,
                          .hidden_dropout = r->train.hidden_dropout,
                          .attn_dropout = r->train.attn_dropout,
                          .recompute = train_recompute(&r->train),
                          .classifier_dropout = r->train.classifier_dropout,
                          .precision = recipe_precision(r) };
}

/* Decoders write texts, encoders classify them. */
static int check_kind(const struct model_facts *m, const struct task *t)
{
    bool decoder = m->dims.pooling == POOL_NONE;

    if (decoder == t->generates)
        return 0;
    if (decoder)
        return fail(
            FAIL_INPUT,
            "'%s' is a decoder (%s), which writes text, but task '%s' is %s; the tasks with "
            "'kind: generation', such as define or mnli, are for decoders",
            m->name, m->dims.arch, t->name, t->regression ? "a regression" : "a classification");
    return fail(FAIL_INPUT,
                "'%s' is an encoder (%s), which does not write text, but task '%s' has prompts and "
                "targets ('kind: generation'), which are for decoders such as smollm2",
                m->name, m->dims.arch, t->name);
}

/* In BERT the second text of a pair has tokens of type 1; in RoBERTa the layout alone tells the two
 * apart. Decoders and MPNet have no types at all. */
static int check_pairs(const struct model_facts *m, const struct task *t)
{
    struct tok *tok;

    if (!t->col_pair || m->dims.n_types != 1)
        return 0;
    if (!(tok = tok_load(m->dir)))
        return -1;
    int types = tok_types(tok);
    tok_free(tok);
    if (types == 1)
        return 0;
    return fail(FAIL_INPUT,
                "'%s' cannot read the pairs of task '%s': type_vocab_size is 1 in config.json; a "
                "pair needs 2",
                m->name, t->name);
}

/* Texts can be generated only as the task's file says. */
static int check_texts(const struct recipe *r)
{
    const struct task_facts *t = r->task;

    if (r->run.generate_n == 0)
        return 0;
    if (!t->texts.given)
        return fail_setting("generate_n",
                            "'generate_n' is %ld, but the file of task '%s' has no key 'generate', "
                            "which says how texts are generated and scored",
                            r->run.generate_n, t->name);
    return gen_settings_check(&t->texts.settings, r->model->dims.vocab) == 0
               ? 0
               : fail_context("task '%s'", t->name);
}

static int check_prompting(const struct recipe *r)
{
    bool none = r->method == adapt_nothing;

    if (none && r->model->dims.pooling != POOL_NONE)
        return fail_setting("method",
                            "method 'none' trains nothing, not even the classifier that a "
                            "%s model needs; it is for decoders",
                            r->model->dims.arch);
    if (r->run.shots > 0 && !none)
        return fail_setting("shots",
                            "'shots' is %ld, but method '%s' trains on the examples; with "
                            "'none' they stand before every prompt",
                            r->run.shots, r->method->name);
    if (r->run.shots > 0 && r->run.generate_n != 0)
        return fail_setting(
            "shots,generate_n",
            "'shots' is %ld and 'generate_n' is %ld, but texts after examples would "
            "go on with the next example; such runs are scored by probabilities",
            r->run.shots, r->run.generate_n);
    return 0;
}

int recipe_complete(struct recipe *r, struct session *s, const struct settings *v)
{
    json_t *inputs = NULL;

    r->session = s;
    r->model = model_facts(s, r->run.model);
    if (r->model && r->model->dims.pooling == POOL_NONE && !settings_get(v, "task"))
        replace_string(&r->run.task, DECODERS_TASK);
    r->task = r->model ? task_facts(s, r->run.task) : NULL;
    if (!r->task || check_kind(r->model, &r->task->task) != 0 ||
        check_pairs(r->model, &r->task->task) != 0 ||
        recipe_autos(r, &r->model->dims, &r->task->task) != 0 || check_texts(r) != 0 ||
        check_prompting(r) != 0)
        goto failed;
    replace_string(&r->run.model, r->model->name);
    replace_string(&r->run.task, r->task->name);
    inputs = inputs_of(r->model, r->task);
    if (r->run.generate_n != 0)
        json_object_set_new(inputs, "texts", json_string(r->task->texts.sha256));
    if (start_resolve(&r->run.init_from, s) != 0 ||
        inputs_add_adapter(inputs, s, r->run.init_from) != 0)
        goto failed;
    recipe_keys(r, inputs);
    inputs = NULL;
    r->footprint = footprint_of(r);
    if (r->footprint)
        return 0;
failed:
    json_decref(inputs);
    settings_blame(v);
    recipe_free(r);
    return -1;
}

int recipe_resolve(struct recipe *r, struct session *s, const struct settings *v)
{
    return recipe_parse(r, v) == 0 ? recipe_complete(r, s, v) : -1;
}

void recipe_free(struct recipe *r)
{
    opt_free(run_opts, &r->run);
    opt_free(train_opts, &r->train);
    if (r->method && r->method->opts && r->method_cfg)
        opt_free(r->method->opts, r->method_cfg);
    free(r->method_cfg);
    json_decref(r->config);
    json_decref(r->inputs);
    *r = (struct recipe){ 0 };
}
