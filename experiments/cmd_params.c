/* cmd_params.c - "lowrank params": how many numbers a method trains, by its formula and counted
 * from its tensors. */
#include "core/cmd.h"
#include "core/base/file.h"
#include "core/base/opt.h"
#include "experiments/inputs.h"
#include "experiments/listing.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

struct flags {
    long d_model, d_ffn, layers, vocab, positions;
    char *home;
    int format;
};
#define AT(f) offsetof(struct flags, f)
static const struct opt opts[] = {
    { "d_model", 0, OPT_INT, AT(d_model), "0", 0, 65536, NULL,
      "hidden size, for a model given by its shape" },
    { "d_ffn", 0, OPT_INT, AT(d_ffn), "0", 0, 1048576, NULL,
      "inner size of the MLP; 0 is 4 d_model" },
    { "layers", 0, OPT_INT, AT(layers), "12", 1, 1000, NULL, "number of blocks" },
    { "vocab", 0, OPT_INT, AT(vocab), "30522", 1, 16777216, NULL, "number of words" },
    { "positions", 0, OPT_INT, AT(positions), "512", 1, 1048576, NULL, "number of positions" },
    FORMAT_OPTION(struct flags),
    HOME_OPTION(struct flags),
    { .type = OPT_END },
};
#undef AT
static const struct opt_usage usage = {
    .command = "params",
    .usage = "MODEL|--d-model N [key=value...]",
    .about = "count the numbers that a method trains",
    .detail = "The keys are those of a recipe: method, rank, targets, ...; pooling too where it "
              "matters.\n"
              "With task=NAME the head is that task's only. A model of any size can be given by "
              "its shape;\n"
              "its blocks are then BERT's.",
    .example = "lowrank params --d-model 12288 --layers 96 method=lora rank=4 targets=q,v",
    .min_args = 0,
    .max_args = -1,
};

/* A model without numbers: tensors as they are listed, for methods to mark and to add to. */
struct shape {
    struct base base;
    struct model m;
};

static const struct arch *arch_of(const char *name)
{
    for (const struct arch *const *a = arch_table; *a; a++)
        if (strcmp((*a)->name, name) == 0)
            return *a;
    return NULL;
}

static int shape_init(struct shape *s, const struct dims *d, bool pooler, const struct recipe *r)
{
    struct model *m = &s->m;

    *s = (struct shape){ .base = { .dims = *d, .arch = arch_of(d->arch) } };
    CHECK(s->base.arch, "'%s'", d->arch);
    int all = s->base.arch->params(d, NULL, 0), n = 0;
    struct param *p = xalloc((size_t)all, sizeof *p);
    s->base.arch->params(d, p, all);
    for (int i = 0; i < all; i++) {
        if (!pooler && (p[i].role == ROLE_POOL_W || p[i].role == ROLE_POOL_B))
            free(p[i].name);
        else
            p[n++] = p[i];
    }
    s->base.params = p;
    s->base.n_params = m->n_params = n;
    m->base = &s->base;
    m->adapt = r->method;
    m->head = (struct head){ .n_labels = 1, .pooling = d->pooling };
    m->params = xalloc((size_t)n, sizeof *m->params);
    memcpy(m->params, p, (size_t)n * sizeof *p);
    return r->method->attach ? r->method->attach(m, r->method_cfg) : 0;
}

static void shape_free(struct shape *s)
{
    for (int i = 0; i < s->base.n_params; i++)
        free(s->base.params[i].name);
    free(s->base.params);
    model_free(&s->m);
}

static void shape_count(const struct shape *s, double *trained, double *base, double *added)
{
    *trained = *base = *added = 0;
    for (int i = 0; i < s->m.n_params; i++) {
        const struct param *p = &s->m.params[i];
        double n = (double)p->rows * p->cols;
        *(i < s->base.n_params ? base : added) += n;
        *trained += p->trainable ? n : 0;
    }
}

/* --- the rows */

struct table {
    struct rows rows;
    double all;
};

static void add(struct table *t, const char *what, const char *how, double n)
{
    char number[40], share[40];

    listing_add(&t->rows, (const char *[]){ what, how, listing_number(number, n, 12),
                                            listing_number(share, 100 * n / t->all, 4) });
}

static void add_head(struct table *t, const struct task *k, int d)
{
    int n = k->regression ? 1 : k->n_labels;
    char *what = xprintf("head of %s", k->name), *how = xprintf("%d x (%d + 1)", n, d);

    add(t, what, how, (double)n * (d + 1));
    free(how);
    free(what);
}

/* Of the task that was asked for, or of every task there is. */
static int add_heads(struct table *t, const struct settings *v, int d)
{
    const struct setting *asked = settings_get(v, "task");
    struct task k;
    glob_t g = { 0 };
    int rc = 0;

    if (asked) {
        rc = task_find(&k, asked->value);
        if (rc == 0)
            add_head(t, &k, d);
        if (rc == 0)
            task_free(&k);
        return rc;
    }
    char *dir = share_path("experiments/tasks"), *pattern = path_join(dir, "*.yaml");
    if (glob(pattern, 0, NULL, &g) != 0)
        g.gl_pathc = 0;
    for (size_t i = 0; i < g.gl_pathc && rc == 0; i++)
        if ((rc = task_load(&k, g.gl_pathv[i])) == 0) {
            add_head(t, &k, d);
            task_free(&k);
        }
    globfree(&g);
    free(pattern);
    free(dir);
    return rc;
}

static int count(const struct dims *d, bool pooler, const struct recipe *r,
                 const struct settings *v, int format)
{
    static const char *const cols[] = { "numbers of", "how", "count", "% of the model", NULL };
    double trained, base, added;
    struct shape s;
    struct table t;

    int rc = shape_init(&s, d, pooler, r);
    shape_count(&s, &trained, &base, &added);
    shape_free(&s);
    if (rc != 0)
        return -1;
    t.all = base;
    listing_init(&t.rows, cols);
    add(&t, "the model", "counted", base);
    char *what = xprintf("method %s", r->method->name);
    double formula = (double)adapt_count(r->method, r->method_cfg, d);
    if (r->method->count)
        add(&t, what, r->method->formula, formula);
    add(&t, what, "trained, counted", trained);
    add(&t, what, "added to the model", added);
    free(what);
    rc = add_heads(&t, v, d->d_model);
    if (rc != 0)
        rows_free(&t.rows);
    else
        rc = listing_print(&t.rows, format);
    if (rc == 0 && formula != trained)
        rc = fail(FAIL_RUN, "the formula of '%s' and its tensors disagree: %.0f and %.0f",
                  r->method->name, formula, trained);
    return rc;
}

/* --- which model */

static int of_shape(struct dims *d, const struct flags *f)
{
    if (f->d_model == 0)
        return fail(FAIL_USAGE, "'lowrank params' needs a model or --d-model");
    *d = (struct dims){ .arch = "bert",
                        .n_layers = (int)f->layers,
                        .d_model = (int)f->d_model,
                        .n_heads = 1,
                        .d_head = (int)f->d_model,
                        .d_ffn = (int)(f->d_ffn > 0 ? f->d_ffn : 4 * f->d_model),
                        .vocab = (int)f->vocab,
                        .max_pos = (int)f->positions,
                        .n_types = 2,
                        .init_range = 0.02 };
    return 0;
}

static int params(int n, char **words, const struct flags *f)
{
    bool named = n > 0 && !strchr(words[0], '=');
    struct settings v = { 0 };
    struct recipe r = { 0 };
    struct dims d = { 0 };
    bool pooler = true;
    int rc = 0;

    if (named && f->d_model > 0)
        return fail(FAIL_USAGE, "'%s' and --d-model are two models", words[0]);
    for (int i = named ? 1 : 0; i < n && rc == 0; i++)
        rc = settings_word(&v, words[i]);
    const struct setting *model = settings_get(&v, "model");
    const char *name = named ? words[0] : model ? model->value : NULL;
    if (rc == 0)
        rc = recipe_parse(&r, &v);
    if (rc == 0 && name) {
        const struct model_facts *m = model_facts(name);
        rc = m ? 0 : -1;
        d = m ? m->dims : d; /* its text stays the cache's */
        pooler = m && m->has_pooler;
    } else if (rc == 0) {
        rc = of_shape(&d, f);
    }
    if (rc == 0 && r.train.pooling != 0)
        d.pooling = r.train.pooling == 1 ? POOL_CLS : POOL_MEAN;
    if (rc == 0)
        rc = count(&d, pooler, &r, &v, f->format);
    recipe_free(&r);
    settings_free(&v);
    return rc;
}

static int work(void *cfg, int argc, char **argv)
{
    const struct flags *f = cfg;

    home_option = f->home;
    return params(argc - 1, argv + 1, f);
}

static int run(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct flags), work, argc, argv);
}

const struct cmd cmd_params = { "params", "look", "how many numbers a method trains", run };
