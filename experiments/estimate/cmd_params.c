/* cmd_params.c - "lowrank params": how many parameters a method trains, by its formula and
 * counted from its tensors, beside what the paper prints; from shapes alone. */
#include "core/cmd.h"
#include "core/opt/opt.h"
#include "core/base/text.h"
#include "experiments/assets/geometry.h"
#include "experiments/estimate/count.h"
#include "experiments/estimate/paper_counts.h"
#include "experiments/estimate/params.h"
#include "experiments/estimate/weights_list.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The command's own flags, and the values of those that are keys of recipes, for recipe_parse. */
enum { MOST_FLAGS = 128, MOST_METHODS_SHOWN = 3 };
struct flags {
    struct params_cfg cfg; /* first, so that the offsets of both structs agree */
    char *key[MOST_FLAGS];
};
#define AT(f) offsetof(struct flags, cfg.f)
static const struct opt own_flags[] = {
    { "budget", 0, OPT_STR, AT(budget), NULL, 0, 0, NULL,
      "parameters that may be trained, as 36864, 0.3M, or 18M: use the largest rank (or prefix) "
      "that trains no more" },
    { "seqlen", 0, OPT_INT, AT(tokens), "0", 0, 1048576, NULL,
      "tokens in a sequence, for the activations; 0: 512, or all positions of a smaller model" },
    { "memory", 0, OPT_BOOL, AT(memory), "false", 0, 0, NULL,
      "print only the memory of training, which otherwise follows the counts in a table or in "
      "JSON" },
    { "paper", 0, OPT_BOOL, AT(paper), "false", 0, 0, NULL,
      "print every parameter count of the paper beside what its configuration trains" },
    { "d_model", 0, OPT_INT, AT(d_model), "0", 0, 65536, NULL,
      "hidden size of a model given by its shape, with blocks like BERT's" },
    { "d_ffn", 0, OPT_INT, AT(d_ffn), "0", 0, 1048576, NULL,
      "inner size of that model's MLP; 0: 4 d_model" },
    { "layers", 0, OPT_INT, AT(layers), "0", 0, 1000, NULL, "blocks of that model; 0: 12" },
    { "vocab", 0, OPT_INT, AT(vocab), "0", 0, 16777216, NULL,
      "size of that model's vocabulary; 0: 30522" },
    { "positions", 0, OPT_INT, AT(positions), "0", 0, 1048576, NULL,
      "positions of that model; 0: 512" },
    FORMAT_OPTION(struct params_cfg),
    HOME_OPTION(struct params_cfg),
    { .type = OPT_END },
};
#undef AT
static const struct opt_usage usage = {
    .command = "params",
    .usage = "MODEL|--model MODEL|--d-model N [key=value...] | FILE",
    .about = "count the parameters that a method trains, without any weights",
    .detail = "MODEL is a published geometry (tiny, minilm, bert-base, roberta-base,\n"
              "roberta-large, deberta-v3-base, deberta-xxl, gpt2-small, gpt2-medium,\n"
              "gpt2-large, gpt3-175b), a model that was fetched, or a folder. Keys of a recipe are "
              "given as words\n"
              "(rank=8) or as flags (--rank 8). The heads of all tasks are listed, or with\n"
              "task=NAME only that task's. Counts that the paper prints for the same\n"
              "configuration are shown too.\n"
              "\n"
              "FILE is a file of weights (*.safetensors, *.bin, *.pt) or the index of several\n"
              "(*.index.json). Its tensors are listed with their shapes, types, and sizes.",
    .example = "lowrank params --model gpt3-175b --method lora --rank 4 --targets q,v\n"
               "  lowrank params gpt2-medium rank=4 targets=q,v --format json\n"
               "  lowrank params gpt3-175b --budget 18M --targets q,v\n"
               "  lowrank params gpt3-175b --memory --batch 1 --seqlen 2048\n"
               "  lowrank params --d-model 4096 --layers 32 rank=16\n"
               "  lowrank params --paper\n"
               "  lowrank params adapter/adapter_model.safetensors --format csv",
    .min_args = 0,
    .max_args = -1,
};

/* --- flags made from the tables of keys */

struct flag_table {
    struct opt opt[MOST_FLAGS + 1];
    char *help[MOST_FLAGS];
    int n;
};

static void help_add_method(struct text *t, int *n, const struct adapt *a, const char *key)
{
    if (!a->opts || !opt_find(a->opts, key))
        return;
    if (*n < MOST_METHODS_SHOWN)
        text_add(t, "%s%s", *n == 0 ? "with " : ", ", a->name);
    else if (*n == MOST_METHODS_SHOWN)
        text_add(t, ", ...");
    ++*n;
}

/* "what it is (with lora, adalora, dora, ...; from 1 to 64; default 8)", lora first; the caller
 * frees it. */
static char *help_text(const struct opt *o)
{
    struct text t = { 0 };
    char range[96];
    int n = 0;

    text_add(&t, "%s (", o->help);
    help_add_method(&t, &n, &adapt_lora, o->key);
    for (const struct adapt *const *a = adapt_table; *a; a++)
        if (*a != &adapt_lora)
            help_add_method(&t, &n, *a, o->key);
    opt_range(o, range);
    text_add(&t, "%s%s%s", n > 0 ? "; " : "", range, *range ? "; " : "");
    text_add(&t, "%s%s)", o->def ? "default " : "no default", o->def ? o->def : "");
    return text_take(&t);
}

static void add_opt(struct flag_table *t, const struct opt *o)
{
    CHECK(t->n < MOST_FLAGS, "more than %d flags", (int)MOST_FLAGS);
    t->opt[t->n++] = *o;
}

/* A flag for a key of recipes, unless the table has it. */
static void add_key(struct flag_table *t, const struct opt *o)
{
    for (int i = 0; i < t->n; i++)
        if (strcmp(t->opt[i].key, o->key) == 0)
            return;
    CHECK(t->n < MOST_FLAGS, "more than %d flags", (int)MOST_FLAGS);
    t->help[t->n] = help_text(o);
    add_opt(t, &(struct opt){ .key = o->key,
                              .type = OPT_STR,
                              .at = offsetof(struct flags, key) + (size_t)t->n * sizeof(char *),
                              .help = t->help[t->n] });
}

static void flag_table_init(struct flag_table *t)
{
    static const struct opt task = {
        .key = "task", .type = OPT_STR, .help = "count only the head of this task", .def = "all"
    };
    struct opt model = { .key = "model",
                         .type = OPT_STR,
                         .at = offsetof(struct flags, cfg.model),
                         .help = "a geometry, a model that was fetched, or a folder" };

    *t = (struct flag_table){ 0 };
    add_opt(t, &model);
    add_key(t, opt_find(run_opts, "method"));
    add_key(t, &task);
    for (const struct opt *o = adapt_lora.opts; o->type != OPT_END; o++)
        add_key(t, o);
    for (const struct adapt *const *a = adapt_table; *a; a++)
        for (const struct opt *o = (*a)->opts; o && o->type != OPT_END; o++)
            add_key(t, o);
    add_key(t, opt_find(train_opts, "pooling"));
    add_key(t, opt_find(train_opts, "batch"));
    for (const struct opt *o = own_flags; o->type != OPT_END; o++)
        add_opt(t, o);
    t->opt[t->n] = (struct opt){ .type = OPT_END };
}

/* --- words and flags to a recipe */

/* Other commands ignore a key of another method. Here it would look as if it counted. */
static int check_keys(const struct recipe *r, const struct settings *v)
{
    for (int i = 0; i < v->n; i++)
        if (!recipe_opt(r, v->s[i].key, NULL))
            return fail(FAIL_USAGE, "'%s' is not a key of the method '%s'", v->s[i].key,
                        r->method->name);
    return 0;
}

static int read_words(struct settings *v, const struct flags *f, const struct flag_table *t, int n,
                      char **words)
{
    bool named = n > 0 && !strchr(words[0], '=');
    const char *flag = f->cfg.model;

    if (named && (f->cfg.d_model > 0 || flag))
        return fail(FAIL_USAGE, "'%s' and --%s both say which model; give only one", words[0],
                    flag ? "model" : "d-model");
    if (flag && f->cfg.d_model > 0)
        return fail(FAIL_USAGE, "--model %s and --d-model both say which model; give only one",
                    flag);
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

/* A named model has a shape of its own. */
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
            return fail(FAIL_USAGE, "'--%s %ld' needs --d-model; '%s' has a shape of its own",
                        shape[i].flag, shape[i].value, model);
    return 0;
}

static int dims_from_flags(struct dims *d, const struct params_cfg *c)
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

static int params_count(struct settings *v, struct session *ses, struct params_cfg *c)
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
        rc = model ? geometry_dims(&p.d, &p.pooler, ses, model->value) : dims_from_flags(&p.d, c);
    if (rc == 0) {
        p.d = count_dims(&p.d, &p.r);
        rc = params_print(&p);
    }
    recipe_free(&p.r);
    return rc;
}

/* Does WORD name a file, which has a folder or an extension, and not a model? */
static bool is_file(const char *word)
{
    struct stat st;

    return word && strpbrk(word, "./") && !strchr(word, '=') && stat(word, &st) == 0 &&
           !S_ISDIR(st.st_mode);
}

static int list_file(const char *path, const struct flags *f, const struct flag_table *t, int argc)
{
    bool more = argc > 2 || (argc > 1 && f->cfg.model) || f->cfg.budget || f->cfg.memory ||
                f->cfg.paper || f->cfg.tokens || f->cfg.d_model;

    for (int i = 0; i < t->n; i++)
        more |= t->help[i] && f->key[i];
    if (more)
        return fail(FAIL_USAGE,
                    "'%s' is a file, whose tensors are listed; keys and flags need a model", path);
    return weights_list(path, f->cfg.format);
}

static const struct flag_table *current_flags; /* opt_command passes on only the struct */

static int params_work(void *cfg, int argc, char **argv)
{
    struct flags *f = cfg;
    struct settings v = { 0 };
    struct session ses;
    struct rows t;
    const char *model = argc > 1 ? argv[1] : f->cfg.model;

    if (is_file(model))
        return list_file(model, f, current_flags, argc);
    if (f->cfg.paper && (argc > 1 || f->cfg.model || f->cfg.budget))
        return fail(FAIL_USAGE,
                    "--paper lists every configuration; it takes neither a model nor keys");
    if (f->cfg.paper)
        return paper_counts_table(&t) == 0 ? rows_print_free(&t, f->cfg.format) : -1;
    session_init(&ses, f->cfg.home, NULL);
    int rc = read_words(&v, f, current_flags, argc - 1, argv + 1);
    if (rc == 0)
        rc = params_count(&v, &ses, &f->cfg);
    session_free(&ses);
    settings_free(&v);
    return rc;
}

static int params_main(int argc, char **argv)
{
    struct flag_table t;

    flag_table_init(&t);
    current_flags = &t;
    int rc = opt_command(&usage, t.opt, sizeof(struct flags), params_work, argc, argv);
    current_flags = NULL;
    for (int i = 0; i < t.n; i++)
        free(t.help[i]);
    return rc;
}

const struct cmd cmd_params = { "params", "look", "how many parameters a method trains",
                                params_main };
