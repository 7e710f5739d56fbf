/* params.c - the result of 'lowrank params' as a table or as one JSON object. */
#include "experiments/estimate/params.h"
#include "core/os/file.h"
#include "core/base/text.h"
#include "experiments/assets/find.h"
#include "experiments/estimate/memory_table.h"
#include "experiments/estimate/paper_counts.h"
#include "experiments/study/budget.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EXACT_DIGITS = 15, SHARE_DIGITS = 4, MOST_SEQUENCES = 65536, MOST_TOKENS = 1 << 24 };

struct result {
    struct params *p;
    struct counted c;
    struct budget b;
    long budget; /* parameters; 0: no budget was given */
    struct rows counts, heads, paper, memory;
};

/* "lora rank=8 targets=q,v": every key of the method; the caller frees it. */
static char *method_words(const struct recipe *r)
{
    struct text t = { 0 };
    char value[OPT_LIST_SIZE];

    text_add(&t, "%s", r->method->name);
    for (const struct opt *o = r->method->opts; o && o->type != OPT_END; o++)
        if (!adapt_unused(o, r->method_cfg))
            text_add(&t, " %s=%s", o->key, opt_text(o, r->method_cfg, value, sizeof value));
    return text_take(&t);
}

static void counts_add(struct result *x, const char *what, const char *how, double n)
{
    char number[40], share[40];

    rows_add(&x->counts, (const char *[]){ what, how, rows_number(number, n, EXACT_DIGITS),
                                           rows_number(share, 100 * n / x->c.base, SHARE_DIGITS) });
}

/* --- heads of tasks */

static void add_head(struct result *x, const struct task *k)
{
    int outputs = k->regression ? 1 : k->n_labels, d = x->p->d.d_model;
    double n = (double)outputs * (d + 1);
    char *what = xprintf("head of %s", k->name), *how = xprintf("%d x (%d + 1)", outputs, d);
    char number[40];

    counts_add(x, what, how, n);
    rows_add(&x->heads, (const char *[]){ k->name, rows_number(number, n, EXACT_DIGITS) });
    free(how);
    free(what);
}

/* The head of the task that was asked for, or of every task. A decoder has no classifier. */
static int add_heads(struct result *x)
{
    const struct setting *asked = settings_get(x->p->v, "task");
    char *path = NULL;
    struct task k;
    int rc = 0;

    if (asked) {
        rc = (path = find_task(asked->value)) ? task_load(&k, path) : -1;
        free(path);
        if (rc == 0) {
            if (!k.generates)
                add_head(x, &k);
            task_free(&k);
        }
        return rc;
    }
    if (x->p->d.pooling == POOL_NONE)
        return 0;
    glob_t g = find_files("experiments/tasks", "yaml");
    for (size_t i = 0; i < g.gl_pathc && rc == 0; i++)
        if ((rc = task_load(&k, g.gl_pathv[i])) == 0) {
            if (!k.generates && (k.regression || k.n_labels > 0))
                add_head(x, &k);
            task_free(&k);
        }
    globfree(&g);
    return rc;
}

/* --- what the paper prints for this configuration */

/* Parameters that remain after training. */
static double n_kept(const struct result *x)
{
    const struct params *p = x->p;

    return p->r.method->count_inference
               ? (double)p->r.method->count_inference(p->r.method_cfg, &p->d)
               : x->c.trained;
}

static int add_paper(struct result *x)
{
    struct paper_counts p;
    char agrees[64];

    if (!x->p->model)
        return 0;
    if (paper_counts_load(&p) != 0)
        return -1;
    for (int i = 0; i < p.n; i++) {
        const struct paper_count *c = &p.c[i];
        if (!paper_counts_match(c, x->p->model, &x->p->r))
            continue;
        paper_counts_agree(agrees, n_kept(x), c->printed);
        char *what = xprintf("the paper, %s %s", c->table, c->row);
        char *how = xprintf("%sM; agrees: %s%s%s", c->printed, agrees, c->note ? "; " : "",
                            c->note ? c->note : "");
        counts_add(x, what, how, 1e6 * strtod(c->printed, NULL));
        rows_add(&x->paper, (const char *[]){ c->table, c->row, c->printed, agrees, c->note });
        free(how);
        free(what);
    }
    paper_counts_free(&p);
    return 0;
}

/* --- the budget */

/* Sets the rank (or prefix) of the recipe. */
static int budget_apply(struct result *x)
{
    struct params *p = x->p;

    if (!p->cfg->budget)
        return 0;
    if (budget_parse(&x->budget, p->cfg->budget) != 0)
        return -1;
    if (budget_find(&x->b, &p->r, &p->d, x->budget) != 0)
        return -1;
    if (settings_get(p->v, x->b.key))
        return fail(FAIL_USAGE, "'%s' and --budget both set the size of the method; give only one",
                    x->b.key);
    return 0;
}

/* The paper prints 18,874,368 as "18M": does the count above the budget read as the budget, cut
 * off to the same digits? */
static bool reads_as_budget(const struct result *x)
{
    const char *text = x->p->cfg->budget, *end = text + strspn(text, "0123456789.");
    const char *dot = strchr(text, '.');
    double step =
        pow(10, -(double)(dot ? end - dot - 1 : 0)) * (double)x->budget / strtod(text, NULL);

    return *end && (double)x->b.above < (double)x->budget + step;
}

static void budget_add(struct result *x)
{
    const struct budget *b = &x->b;
    char *what = xprintf("budget, %s %ld", b->key, b->value);

    if (x->budget == 0) {
        free(what);
        return;
    }
    const char *how = b->count == x->budget ? "spends the budget exactly"
                      : b->above == 0       ? "the largest that the model allows"
                                            : "the nearest below the budget";
    counts_add(x, "budget", "as given", (double)x->budget);
    counts_add(x, what, how, (double)b->count);
    free(what);
    if (b->above == 0 || b->count == x->budget)
        return;
    char *above = xprintf("budget, %s %ld", b->key, b->value + 1);
    counts_add(x, above,
               reads_as_budget(x)
                   ? "the nearest above; cut off, as the paper does, it reads as the budget"
                   : "the nearest above the budget",
               (double)b->above);
    free(above);
}

/* --- counts and memory */

static int fill_counts(struct result *x)
{
    const struct params *p = x->p;
    const struct adapt *method = p->r.method;
    char *words = method_words(&p->r), *what = xprintf("method %s", words), *base;

    base = p->lacks ? xprintf("without %s", p->lacks) : xstrdup("counted");
    counts_add(x, "the model", base, x->c.base);
    counts_add(x, what, method->formula, x->c.formula);
    if (!x->c.by_formula) {
        counts_add(x, what, "trainable, counted from the tensors", x->c.trained);
        counts_add(x, what, "added to the model", x->c.added);
    }
    if (method->count_inference)
        counts_add(x, what, "kept after training", n_kept(x));
    budget_add(x);
    free(base);
    free(what);
    free(words);
    return add_paper(x) == 0 ? add_heads(x) : -1;
}

static int fill_memory(struct result *x)
{
    const struct params *p = x->p;
    long most = p->d.max_pos > 0 ? p->d.max_pos : 512;
    struct memory_load l = { p->r.train.batch, p->cfg->tokens };

    if (l.tokens == 0)
        l.tokens = most < 512 ? most : 512;
    if (p->d.max_pos > 0 && l.tokens > p->d.max_pos)
        return fail(FAIL_USAGE, "--seqlen is %ld, but the model has %d positions", l.tokens,
                    p->d.max_pos);
    if (l.batch > MOST_SEQUENCES || l.batch * l.tokens > MOST_TOKENS)
        return fail(FAIL_USAGE, "a batch of %ld x %ld tokens is larger than 16 million tokens",
                    l.batch, l.tokens);
    return memory_table(&x->memory, p->model ? p->model : "", &p->d, p->pooler, &p->r, &x->c, &l);
}

/* --- printed */

/* A table as a JSON array, with its numbers as numbers. */
static json_t *rows_json(const struct rows *r)
{
    char *text = NULL;
    size_t size;
    FILE *f = xmemstream(&text, &size);
    json_t *j = NULL;
    int rc = rows_print(f, r, ROWS_JSON);
    xmemstream_end(f);
    j = rc == 0 ? json_loads(text, 0, NULL) : NULL;
    CHECK(j, "a table that is not valid JSON: %s", text);
    free(text);
    return j;
}

static void json_set_count(json_t *j, const char *key, double x)
{
    json_object_set_new(j, key, isnan(x) ? json_null() : json_integer((json_int_t)x));
}

static json_t *budget_json(const struct result *x)
{
    if (x->budget == 0)
        return json_null();
    json_t *j = json_pack("{s:I, s:s, s:I, s:I, s:b}", "given", (json_int_t)x->budget, "key",
                          x->b.key, "value", (json_int_t)x->b.value, "trained",
                          (json_int_t)x->b.count, "exact", x->b.count == x->budget);
    json_object_set_new(j, x->b.key, json_integer(x->b.value));
    if (x->b.above)
        json_set_count(j, "trained_above", (double)x->b.above);
    return j;
}

static json_t *settings_json(const struct recipe *r)
{
    json_t *j = json_object();
    char value[OPT_LIST_SIZE];

    for (const struct opt *o = r->method->opts; o && o->type != OPT_END; o++) {
        if (adapt_unused(o, r->method_cfg))
            continue;
        const char *text = opt_text(o, r->method_cfg, value, sizeof value);
        json_object_set_new(j, o->key,
                            o->type == OPT_INT    ? json_integer(strtol(text, NULL, 10))
                            : o->type == OPT_REAL ? json_real(strtod(text, NULL))
                                                  : json_string(text));
    }
    return j;
}

static int result_print_json(const struct result *x)
{
    const struct params *p = x->p;
    json_t *j = json_object();

    json_object_set_new(j, "model", p->model ? json_string(p->model) : json_null());
    json_object_set_new(j, "shape",
                        json_pack("{s:s, s:i, s:i, s:i, s:i, s:i}", "arch", p->d.arch, "layers",
                                  p->d.n_layers, "d_model", p->d.d_model, "d_ffn", p->d.d_ffn,
                                  "vocab", p->d.vocab, "positions", p->d.max_pos));
    json_object_set_new(j, "not_counted", p->lacks ? json_string(p->lacks) : json_null());
    json_object_set_new(j, "method", json_string(p->r.method->name));
    json_object_set_new(j, "settings", settings_json(&p->r));
    json_object_set_new(j, "formula",
                        p->r.method->formula ? json_string(p->r.method->formula) : json_null());
    json_set_count(j, "by_formula", x->c.formula);
    json_set_count(j, "counted", x->c.by_formula ? NAN : x->c.trained);
    json_set_count(j, "trained", x->c.trained);
    json_set_count(j, "added", x->c.by_formula ? NAN : x->c.added);
    json_set_count(j, "base", x->c.base);
    json_object_set_new(j, "budget", budget_json(x));
    json_object_set_new(j, "heads", rows_json(&x->heads));
    json_object_set_new(j, "paper", rows_json(&x->paper));
    json_object_set_new(j, "memory", rows_json(&x->memory));
    char *text = json_dumps(j, JSON_INDENT(2));
    int rc = puts(text) < 0 ? fail(FAIL_STORE, "cannot write the result") : 0;
    free(text);
    json_decref(j);
    return rc;
}

static int result_print(struct result *x)
{
    int format = x->p->cfg->format;

    if (format == ROWS_JSON)
        return result_print_json(x);
    if (x->p->cfg->memory)
        return rows_print(stdout, &x->memory, (enum rows_format)format);
    int rc = rows_print(stdout, &x->counts, (enum rows_format)format);
    if (rc == 0 && format == ROWS_TABLE) {
        putchar('\n');
        rc = rows_print(stdout, &x->memory, ROWS_TABLE);
    }
    return rc;
}

int params_print(struct params *p)
{
    static const char *const cols[] = { "numbers of", "how", "count", "% of the model", NULL };
    static const char *const heads[] = { "task", "count", NULL };
    static const char *const paper[] = { "table", "row", "printed_M", "agrees", "why", NULL };
    struct result x = { .p = p };

    rows_init(&x.counts, cols);
    rows_init(&x.heads, heads);
    rows_init(&x.paper, paper);
    int rc = budget_apply(&x);
    if (rc == 0)
        rc = count_method(&x.c, &p->d, p->pooler, &p->r);
    if (rc == 0)
        rc = fill_counts(&x);
    if (rc == 0)
        rc = fill_memory(&x);
    if (rc == 0)
        rc = result_print(&x);
    rows_free(&x.counts);
    rows_free(&x.heads);
    rows_free(&x.paper);
    rows_free(&x.memory);
    if (rc == 0 && x.c.formula != x.c.trained)
        rc = fail(FAIL_RUN,
                  "the formula of '%s' gives %.0f trainable parameters, but its tensors have %.0f",
                  p->r.method->name, x.c.formula, x.c.trained);
    return rc;
}
