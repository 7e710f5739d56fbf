/* train_memory.c - what training takes in memory, full and by a method, from shapes alone. */
#include "core/base/file.h"
#include "core/base/yaml.h"
#include "experiments/estimate/count.h"
#include "results/rows/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a number: the paper's (FP16), and of AdamW's state where that is kept exact. */
enum { HALF_BYTES = 2, FULL_BYTES = 4, N_TASKS = 100 };

struct side {
    double trained, frozen; /* numbers; those of the model that do not train */
    double state,
        workspace; /* of this program, bytes: trained numbers and what goes with them; one workspace */
};
struct memory {
    struct rows *t;
    struct yaml *says;
    const char *model;
    double base; /* numbers */
    struct side ft, method;
};

/* What the paper says of this model beside row OF; NULL: nothing. */
static const char *said(const struct memory *m, const char *of)
{
    const struct yaml_node *all = yaml_get(yaml_root(m->says), "says");

    for (int i = 0; all && i < yaml_count(all); i++) {
        const struct yaml_node *n = yaml_item(all, i);
        if (strcmp(yaml_str(n, "model", ""), m->model) == 0 &&
            strcmp(yaml_str(n, "of", ""), of) == 0)
            return yaml_str(n, "text", NULL);
    }
    return NULL;
}

static void add(const struct memory *m, const char *what, const char *how, double ft, double method,
                const char *of)
{
    char a[40], b[40];

    rows_add(m->t, (const char *[]){ what, how, rows_number(a, 1e-9 * ft, 5),
                                     rows_number(b, 1e-9 * method, 5), of ? said(m, of) : NULL });
}

/* What backward reads of a block when every operation keeps its input, as autograd does with all weights
 * trained: d (8 numbers, 2 bytes of masks) + 2 f numbers a token, and 2 numbers, 1 byte of mask for each
 * head and pair of tokens. With f = 4 d and 2 bytes a number: s b h (34 + 5 a s / h). Korthikanti et al.
 * 2022, "Reducing activation recomputation in large transformer models", eq. 2. */
static double general_activations(const struct dims *d, const struct memory_load *l)
{
    double tokens = (double)l->batch * (double)l->tokens, pairs = tokens * (double)l->tokens;
    double token = d->d_model * (8.0 * HALF_BYTES + 2) + 2.0 * d->d_ffn * HALF_BYTES;

    return d->n_layers * (tokens * token + d->n_heads * pairs * (2 * HALF_BYTES + 1));
}

/* --- this program */

static void fake_data(struct dataset *s, const struct memory_load *l)
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

static int own_bytes(struct side *s, const struct dims *d, bool pooler, const struct adapt *method,
                     const void *cfg, const struct memory_load *l)
{
    struct train_cfg c = { .batch = l->batch, .accumulate = 1, .steps = 1 };
    struct dataset data;
    struct base_model b;
    struct model m;

    if (count_outline(&b, &m, d, pooler, method, cfg) != 0)
        return -1;
    fake_data(&data, l);
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

static void add_own(const struct memory *m)
{
    double size = sizeof(real);
    char *how[] = {
        xprintf("%zu bytes each", sizeof(real)),
        xprintf("%zu bytes each: values, the best, slots of gradients, moments", sizeof(real)),
        xprintf("%zu bytes, kept where backward reads them; a micro-batch a thread", sizeof(real)),
    };

    add(m, "here: frozen weights", how[0], size * m->ft.frozen, size * m->method.frozen, NULL);
    add(m, "here: trained numbers", how[1], m->ft.state, m->method.state, NULL);
    add(m, "here: activations", how[2], m->ft.workspace, m->method.workspace, NULL);
    for (size_t i = 0; i < ARRAY_LEN(how); i++)
        free(how[i]);
}

static void add_rows(const struct memory *m, const struct dims *d, const struct memory_load *l,
                     bool own)
{
    double half = HALF_BYTES, full = FULL_BYTES;
    double ft = m->ft.trained, method = m->method.trained, w = half * m->base;
    char *load = xprintf("%ld x %ld tokens, 2 bytes a number, every operation's input: any method",
                         l->batch, l->tokens);
    double acts = general_activations(d, l);

    add(m, "weights", "2 bytes (FP16)", w, w, NULL);
    add(m, "gradients", "2 bytes each that trains", half * ft, half * method, NULL);
    add(m, "moments of Adam", "2 x 2 bytes each that trains", 2 * half * ft, 2 * half * method,
        NULL);
    add(m, "weights and moments", "without gradients: each made and used in turn",
        w + 2 * half * ft, w + 2 * half * method, NULL);
    add(m, "weights, gradients, moments", "all in FP16, without activations", w + 3 * half * ft,
        w + 3 * half * method, "sum");
    add(m, "the same, mixed", "values and moments of what trains in FP32, too",
        w + (half + 3 * full) * ft, w + (half + 3 * full) * method, NULL);
    add(m, "activations", load, acts, acts, NULL);
    free(load);
    if (own)
        add_own(m);
    add(m, "a checkpoint", "2 bytes each that trains", half * ft, half * method, "checkpoint");
    char *tasks = xprintf("%d tasks", (int)N_TASKS);
    add(m, tasks, "a model each, or one and a checkpoint each", N_TASKS * half * ft,
        w + N_TASKS * half * method, "tasks");
    free(tasks);
}

int memory_list(struct rows *t, const char *name, const struct dims *d, bool pooler,
                const struct recipe *r, const struct counted *c, const struct memory_load *l)
{
    const char *const cols[] = { "memory, GB",     "how", "full fine-tuning", r->method->name,
                                 "the paper says", NULL };
    const struct adapt *ft = adapt_find("ft");
    struct memory m = { .t = t, .model = name, .base = c->base };
    char *path = share_path("experiments/paper/counts.yaml");
    int rc = 0;

    m.says = yaml_load(path);
    free(path);
    if (!m.says)
        return -1;
    m.ft.trained = (double)adapt_count(ft, NULL, d);
    m.ft.frozen = c->base - m.ft.trained;
    m.method.trained = c->trained;
    m.method.frozen = c->base - fmax(0, c->trained - c->added);
    if (!c->by_formula)
        rc = own_bytes(&m.ft, d, pooler, ft, NULL, l) != 0 ||
                     own_bytes(&m.method, d, pooler, r->method, r->method_cfg, l) != 0
                 ? -1
                 : 0;
    if (rc == 0) {
        rows_init(t, cols);
        add_rows(&m, d, l, !c->by_formula);
    }
    yaml_free(m.says);
    return rc;
}
