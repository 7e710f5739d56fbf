/* cmd_params.c - "lowrank params": how many numbers a method trains, by its formula and counted from
 * its tensors, beside what the paper prints; from shapes alone. */
#include "core/cmd.h"
#include "core/base/opt.h"
#include "experiments/assets/geometry.h"
#include "experiments/estimate/params.h"

#include <stdlib.h>
#include <string.h>

/* The command's own flags, and the keys of recipes that matter here as texts, for recipe_parse. */
enum { MOST_FLAGS = 128 };
struct flags {
    struct params_cfg cfg; /* first: options of either struct fill both */
    char *key[MOST_FLAGS];
};
#define AT(f) offsetof(struct flags, cfg.f)
static const struct opt own[] = {
    { "budget", 0, OPT_STR, AT(budget), NULL, 0, 0, NULL,
      "numbers to spend, 36864 or 0.3M or 18M: the largest rank (or prefix) that trains no more" },
    { "seqlen", 0, OPT_INT, AT(tokens), "0", 0, 1048576, NULL,
      "tokens of a sequence, for activations; 0: 512, or all positions of a smaller model" },
    { "memory", 0, OPT_BOOL, AT(memory), "false", 0, 0, NULL,
      "only what training takes in memory; without it that follows the count in a table or in "
      "JSON" },
    { "paper", 0, OPT_BOOL, AT(paper), "false", 0, 0, NULL,
      "every figure that the paper prints, beside what its configuration trains" },
    { "d_model", 0, OPT_INT, AT(d_model), "0", 0, 65536, NULL,
      "hidden size, for a model given by its shape; its blocks are BERT's" },
    { "d_ffn", 0, OPT_INT, AT(d_ffn), "0", 0, 1048576, NULL,
      "its inner size of the MLP; 0 is 4 d_model" },
    { "layers", 0, OPT_INT, AT(layers), "0", 0, 1000, NULL, "its number of blocks; 0 is 12" },
    { "vocab", 0, OPT_INT, AT(vocab), "0", 0, 16777216, NULL, "its number of words; 0 is 30522" },
    { "positions", 0, OPT_INT, AT(positions), "0", 0, 1048576, NULL,
      "its number of positions; 0 is 512" },
    FORMAT_OPTION(struct params_cfg),
    HOME_OPTION(struct params_cfg),
    { .type = OPT_END },
};
#undef AT
static const struct opt_usage usage = {
    .command = "params",
    .usage = "MODEL|--model MODEL|--d-model N [key=value...]",
    .about = "count the numbers that a method trains, without weights",
    .detail =
        "MODEL is a published geometry (tiny, minilm, bert-base, roberta-base, roberta-large,\n"
        "deberta-xxl, gpt2-small, gpt2-medium, gpt2-large, gpt3-175b), a fetched model or a "
        "folder.\n"
        "The keys of a recipe are words (rank=8) or flags (--rank 8). With task=NAME the head is\n"
        "that task's only. Where the paper prints a figure for the same configuration it is "
        "beside.",
    .example = "lowrank params --model gpt3-175b --method lora --rank 4 --targets q,v\n"
               "  lowrank params gpt2-medium rank=4 targets=q,v --format json\n"
               "  lowrank params gpt3-175b --budget 18M --targets q,v\n"
               "  lowrank params gpt3-175b --memory --batch 1 --seqlen 2048\n"
               "  lowrank params --d-model 4096 --layers 32 rank=16\n"
               "  lowrank params --paper",
    .min_args = 0,
    .max_args = -1,
};

/* --- flags made of the tables of keys */

struct flag_table {
    struct opt opt[MOST_FLAGS + 1];
    char *help[MOST_FLAGS];
    int n;
};

/* "what it is (of lora, dora, ...; from 1 to 64; default 8)" */
static char *help_of(const struct opt *o)
{
    char range[96], *methods = xstrdup(""), *text;
    int n = 0;

    if (opt_find(adapt_lora.opts, o->key)) {
        free(methods);
        methods = xstrdup("of lora");
        n = 1;
    }
    for (const struct adapt *const *a = adapt_table; *a; a++) {
        if (*a == &adapt_lora || !(*a)->opts || !opt_find((*a)->opts, o->key))
            continue;
        text = n++ < 3  ? xprintf("%s%s%s", methods, n > 1 ? ", " : "of ", (*a)->name)
               : n == 4 ? xprintf("%s, ...", methods)
                        : xstrdup(methods);
        free(methods);
        methods = text;
    }
    opt_range(o, range);
    text =
        xprintf("%s (%s%s%s%s%s%s)", o->help, methods, n && *range ? "; " : "", range,
                n || *range ? "; " : "", o->def ? "default " : "no default", o->def ? o->def : "");
    free(methods);
    return text;
}

static void add_flag(struct flag_table *t, const struct opt *o)
{
    for (int i = 0; i < t->n; i++)
        if (strcmp(t->opt[i].key, o->key) == 0)
            return;
    CHECK(t->n < MOST_FLAGS, "more than %d flags", (int)MOST_FLAGS);
    t->help[t->n] = help_of(o);
    t->opt[t->n] = (struct opt){ .key = o->key,
                                 .type = OPT_STR,
                                 .at = offsetof(struct flags, key) + (size_t)t->n * sizeof(char *),
                                 .help = t->help[t->n] };
    t->n++;
}

static void flag_table_init(struct flag_table *t)
{
    static const struct opt task = {
        .key = "task", .type = OPT_STR, .help = "count the head of this task only", .def = "all"
    };
    struct opt model = { .key = "model",
                         .type = OPT_STR,
                         .at = offsetof(struct flags, cfg.model),
                         .help = "a geometry, a fetched model or a folder" };

    *t = (struct flag_table){ .opt[0] = model, .n = 1 };
    add_flag(t, opt_find(run_opts, "method"));
    add_flag(t, &task);
    for (const struct opt *o = adapt_lora.opts; o->type != OPT_END; o++)
        add_flag(t, o);
    for (const struct adapt *const *a = adapt_table; *a; a++)
        for (const struct opt *o = (*a)->opts; o && o->type != OPT_END; o++)
            add_flag(t, o);
    add_flag(t, opt_find(train_opts, "pooling"));
    add_flag(t, opt_find(train_opts, "batch"));
    for (const struct opt *o = own; o->type != OPT_END; o++) {
        CHECK(t->n < MOST_FLAGS, "more than %d flags", (int)MOST_FLAGS);
        t->opt[t->n++] = *o;
    }
    t->opt[t->n] = (struct opt){ .type = OPT_END };
}

/* --- words and flags to a recipe */

/* A key that counts for nothing here would be taken for one that counts. */
static int check_keys(const struct recipe *r, const struct settings *v)
{
    for (int i = 0; i < v->n; i++)
        if (!recipe_opt(r, v->s[i].key, NULL))
            return fail(FAIL_USAGE, "'%s' is no key of the method '%s'", v->s[i].key,
                        r->method->name);
    return 0;
}

static int read_words(struct settings *v, const struct flags *f, const struct flag_table *t, int n,
                      char **words)
{
    bool named = n > 0 && !strchr(words[0], '=');
    const char *flag = f->cfg.model;

    if (named && (f->cfg.d_model > 0 || flag))
        return fail(FAIL_USAGE, "'%s' and --%s are two models", words[0],
                    flag ? "model" : "d-model");
    if (flag && f->cfg.d_model > 0)
        return fail(FAIL_USAGE, "--model %s and --d-model are two models", flag);
    if (named || flag)
        settings_set(v, "model", named ? words[0] : flag, location_command_line);
    for (int i = 0; i < t->n; i++)
        if (t->help[i] && f->key[i])
            settings_set(v, t->opt[i].key, f->key[i], location_command_line);
    for (int i = named; i < n; i++)
        if (settings_word(v, words[i]) != 0)
            return -1;
    return 0;
}

/* A model that has a shape is given no other. */
static int check_shape(const char *model, const struct params_cfg *c)
{
    const struct {
        const char *flag;
        long value;
    } shape[] = { { "layers", c->layers },
                  { "d-ffn", c->d_ffn },
                  { "vocab", c->vocab },
                  { "positions", c->positions } };

    for (size_t i = 0; i < ARRAY_LEN(shape); i++)
        if (shape[i].value > 0)
            return fail(FAIL_USAGE,
                        "'--%s %ld' is of a model given by --d-model, but '%s' has a shape of its "
                        "own",
                        shape[i].flag, shape[i].value, model);
    return 0;
}

static int of_shape(struct dims *d, const struct params_cfg *c)
{
    if (c->d_model == 0)
        return fail(FAIL_USAGE, "'lowrank params' needs a model or --d-model");
    *d = (struct dims){ .arch = "bert",
                        .n_layers = c->layers > 0 ? (int)c->layers : 12,
                        .d_model = (int)c->d_model,
                        .n_heads = 1,
                        .d_head = (int)c->d_model,
                        .d_ffn = (int)(c->d_ffn > 0 ? c->d_ffn : 4 * c->d_model),
                        .vocab = c->vocab > 0 ? (int)c->vocab : 30522,
                        .max_pos = c->positions > 0 ? (int)c->positions : 512,
                        .n_types = 2,
                        .init_range = 0.02 };
    return 0;
}

static int params(struct settings *v, struct session *ses, struct params_cfg *c)
{
    struct params p = { .cfg = c, .v = v, .pooler = true };
    const struct setting *model = settings_get(v, "model");

    p.model = model ? model->value : NULL;
    int rc = recipe_parse(&p.r, v);
    if (rc == 0)
        rc = check_keys(&p.r, v);
    if (rc == 0 && model)
        rc = check_shape(model->value, c);
    if (rc == 0)
        rc =
            model ? geometry_dims(&p.d, &p.pooler, &p.lacks, ses, model->value) : of_shape(&p.d, c);
    if (rc == 0) {
        p.d = count_dims(&p.d, &p.r);
        rc = params_print(&p);
    }
    recipe_free(&p.r);
    return rc;
}

static const struct flag_table *flags_now; /* opt_command hands only the struct on */

static int work(void *cfg, int argc, char **argv)
{
    struct flags *f = cfg;
    struct settings v = { 0 };
    struct session ses;
    struct rows t;

    if (f->cfg.paper && (argc > 1 || f->cfg.model || f->cfg.budget))
        return fail(FAIL_USAGE, "--paper lists all configurations; it takes no model and no keys");
    if (f->cfg.paper)
        return paper_list(&t) == 0 ? rows_print_free(&t, f->cfg.format) : -1;
    session_init(&ses, f->cfg.home, NULL);
    int rc = read_words(&v, f, flags_now, argc - 1, argv + 1);
    if (rc == 0)
        rc = params(&v, &ses, &f->cfg);
    session_free(&ses);
    settings_free(&v);
    return rc;
}

static int run(int argc, char **argv)
{
    struct flag_table t;

    flag_table_init(&t);
    flags_now = &t;
    int rc = opt_command(&usage, t.opt, sizeof(struct flags), work, argc, argv);
    flags_now = NULL;
    for (int i = 0; i < t.n; i++)
        free(t.help[i]);
    return rc;
}

const struct cmd cmd_params = { "params", "look", "how many numbers a method trains", run };
