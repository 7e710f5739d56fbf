/* memory_table.c - what training takes in memory, full and by a method, from shapes alone. */
#include "experiments/estimate/memory_table.h"
#include "core/os/file.h"
#include "core/opt/yaml.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a value: as the paper has them (FP16), and of what mixed precision keeps in FP32. */
enum { HALF_BYTES = 2, FULL_BYTES = 4, N_TASKS = 100, DIGITS = 5 };

/* One way of training: all parameters, or by the method. */
struct side {
    double trained, frozen; /* parameters; FROZEN: those of the model that do not train */
    double state;     /* bytes of this program: trainable parameters and what belongs to them */
    double workspace; /* bytes of this program: one workspace */
};
struct table {
    struct rows *rows;
    struct yaml *paper;
    const char *model;
    double base; /* parameters of the model */
    struct side ft, method;
};

/* What the paper says about this model beside row OF; NULL: nothing. */
static const char *paper_says(const struct table *t, const char *of)
{
    const struct yaml_node *all = yaml_get(yaml_root(t->paper), "says");

    for (int i = 0; all && i < yaml_count(all); i++) {
        const struct yaml_node *n = yaml_item(all, i);
        if (strcmp(yaml_str(n, "model", ""), t->model) == 0 &&
            strcmp(yaml_str(n, "of", ""), of) == 0)
            return yaml_str(n, "text", NULL);
    }
    return NULL;
}

/* A row: FT and METHOD in bytes; OF: which sentence of the paper belongs to it, or NULL. */
static void table_add(const struct table *t, const char *what, const char *how, double ft,
                      double method, const char *of)
{
    char a[40], b[40];

    rows_add(t->rows, (const char *[]){ what, how, rows_number(a, 1e-9 * ft, DIGITS),
                                        rows_number(b, 1e-9 * method, DIGITS),
                                        of ? paper_says(t, of) : NULL });
}

/* --- by the paper's assumptions */

/* What the backward pass reads of the blocks when every operation keeps its input, as autograd
 * does when all weights train. Per token: 8 d + 2 f values and 2 d bytes of masks. Per head and
 * pair of tokens: 2 values and 1 byte of mask. With f = 4 d and 2 bytes per value that is s b h
 * (34 + 5 a s / h) bytes per layer. Korthikanti et al. 2022, "Reducing activation recomputation
 * in large transformer models", eq. 2. */
static double activation_bytes(const struct dims *d, const struct memory_load *l)
{
    double tokens = (double)l->batch * (double)l->tokens, pairs = tokens * (double)l->tokens;
    double token = d->d_model * (8.0 * HALF_BYTES + 2) + 2.0 * d->d_ffn * HALF_BYTES;

    return d->n_layers * (tokens * token + d->n_heads * pairs * (2 * HALF_BYTES + 1));
}

static void add_training(const struct table *t, const struct dims *d, const struct memory_load *l)
{
    double half = HALF_BYTES, full = FULL_BYTES;
    double ft = t->ft.trained, method = t->method.trained, w = half * t->base;
    double acts = activation_bytes(d, l);
    char *load = xprintf("%ld x %ld tokens, 2 bytes per value; every operation keeps its input",
                         l->batch, l->tokens);

    table_add(t, "weights", "2 bytes each (FP16)", w, w, NULL);
    table_add(t, "gradients", "2 bytes per trainable parameter", half * ft, half * method, NULL);
    table_add(t, "moments of Adam", "2 x 2 bytes per trainable parameter", 2 * half * ft,
              2 * half * method, NULL);
    table_add(t, "weights and moments", "each gradient is dropped as soon as it is used",
              w + 2 * half * ft, w + 2 * half * method, NULL);
    table_add(t, "weights, gradients, moments", "all in FP16, without activations",
              w + 3 * half * ft, w + 3 * half * method, "sum");
    table_add(t, "the same, mixed precision",
              "trainable parameters also in FP32, and their moments in FP32",
              w + (half + 3 * full) * ft, w + (half + 3 * full) * method, NULL);
    table_add(t, "activations", load, acts, acts, NULL);
    free(load);
}

static void add_deployment(const struct table *t)
{
    double ft = HALF_BYTES * t->ft.trained, method = HALF_BYTES * t->method.trained;
    char *tasks = xprintf("%d tasks", (int)N_TASKS);

    table_add(t, "a checkpoint", "2 bytes per trainable parameter", ft, method, "checkpoint");
    table_add(t, tasks, "a model for each, or one model and a checkpoint for each", N_TASKS * ft,
              HALF_BYTES * t->base + N_TASKS * method, "tasks");
    free(tasks);
}

/* --- as this program trains */

/* Examples of L's size, of which only the shapes are read. */
static void outline_data(struct dataset *s, const struct memory_load *l)
{
    *s = (struct dataset){ .n = (int)l->batch,
                           .max_tokens = (int)l->tokens,
                           .n_tokens = (size_t)l->batch * (size_t)l->tokens };
    s->ids = xalloc(s->n_tokens, sizeof *s->ids);
    s->off = xalloc((size_t)s->n + 1, sizeof *s->off);
    s->second = xalloc((size_t)s->n, sizeof *s->second);
    for (int i = 0; i < s->n; i++) {
        s->off[i + 1] = (size_t)(i + 1) * (size_t)l->tokens;
        s->second[i] = (int)l->tokens;
    }
}

static int measure_side(struct side *s, const struct dims *d, bool pooler,
                        const struct adapt *method, const void *cfg, const struct memory_load *l)
{
    struct train_cfg c = { .batch = l->batch, .accumulate = 1, .steps = 1 };
    struct dataset data;
    struct base_model b;
    struct model m;

    if (count_outline(&b, &m, d, pooler, method, cfg) != 0)
        return -1;
    outline_data(&data, l);
    struct run_data all = { .split[SPLIT_TRAIN] = &data };
    s->state = (double)train_need(&m, &c, &all, 0).bytes;
    s->workspace = (double)train_need(&m, &c, &all, 1).bytes - s->state;
    free(data.ids);
    free(data.off);
    free(data.second);
    model_free(&m);
    base_model_free(&b);
    return 0;
}

static void add_program(const struct table *t)
{
    double size = sizeof(real);
    char *weights = xprintf("%zu bytes each", sizeof(real));
    char *state = xprintf("%zu bytes per value: current, best, gradients, moments", sizeof(real));
    char *acts = xprintf("%zu bytes per value that the backward pass reads; one micro-batch per "
                         "thread",
                         sizeof(real));

    table_add(t, "here: frozen weights", weights, size * t->ft.frozen, size * t->method.frozen,
              NULL);
    table_add(t, "here: trainable parameters", state, t->ft.state, t->method.state, NULL);
    table_add(t, "here: activations", acts, t->ft.workspace, t->method.workspace, NULL);
    free(weights);
    free(state);
    free(acts);
}

int memory_table(struct rows *rows, const char *name, const struct dims *d, bool pooler,
                 const struct recipe *r, const struct counted *c, const struct memory_load *l)
{
    const char *const cols[] = { "memory, GB",     "how", "full fine-tuning", r->method->name,
                                 "the paper says", NULL };
    const struct adapt *ft = adapt_find("ft");
    struct table t = { .rows = rows, .model = name, .base = c->base };
    char *path = share_path("experiments/paper/counts.yaml");
    int rc = 0;

    t.paper = yaml_load(path);
    free(path);
    if (!t.paper)
        return -1;
    t.ft.trained = (double)adapt_count(ft, NULL, d);
    t.ft.frozen = c->base - t.ft.trained;
    t.method.trained = c->trained;
    t.method.frozen = c->base - fmax(0, c->trained - c->added);
    if (measure_side(&t.ft, d, pooler, ft, NULL, l) != 0 ||
        measure_side(&t.method, d, pooler, r->method, r->method_cfg, l) != 0)
        rc = -1;
    if (rc == 0) {
        rows_init(rows, cols);
        add_training(&t, d, l);
        add_program(&t);
        add_deployment(&t);
    }
    yaml_free(t.paper);
    return rc;
}
