/* parity_trace.c - the steps of a training that another implementation recorded. */
#include "core/parity/parity_trace.h"
#include "core/parity/feed.h"
#include "core/parity/parity_texts.h"
#include "core/peft/peft.h"
#include "core/peft/peft_ranks.h"
#include "core/peft/peft_tensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char init_prefix[] = "init.base_model.model.", a_suffix[] = ".lora_A.weight";

/* Rank and targets follow from the names and shapes of init.*, the head from the classifier and the
 * labels. */
static int read_setup(struct lora_cfg *cfg, struct head *h, const struct parity *p,
                      const struct expected *e)
{
    const char *name = arch_head_name(p->base->arch, ROLE_HEAD_W);
    char *head = xprintf("%s%s", init_prefix, name ? name : "");
    const struct st_tensor *c = st_find(&e->st, head);
    const struct st_tensor *labels = st_find(&e->st, "labels.0");
    size_t from = strlen(init_prefix), k = strlen(a_suffix);
    json_t *names = json_array();

    free(head);
    *cfg = (struct lora_cfg){ .alpha = 16 };
    for (int i = 0; i < e->st.n; i++) {
        const struct st_tensor *t = &e->st.t[i];
        size_t n = strlen(t->name);
        if (n < from + k || strncmp(t->name, init_prefix, from) != 0 ||
            strcmp(t->name + n - k, a_suffix) != 0)
            continue;
        if (t->n_dims == 2 && t->shape[0] <= 65536)
            cfg->rank = (long)t->shape[0];
        json_array_append_new(names, json_stringn(t->name + from, n - k - from));
    }
    int rc = peft_names_read(cfg, names, &p->base->dims, e->st.file.path);
    json_decref(names);
    if (rc != 0)
        return -1;
    if (p->base->arch->causal) {
        *h = (struct head){ .pooling = POOL_NONE, .precision = p->cfg->precision };
        return cfg->rank >= 1 ? 0
                              : fail(FAIL_INPUT, "'%s' does not have a tensor lora_A in init.*",
                                     e->st.file.path);
    }
    if (!c || c->n_dims != 2 || c->shape[0] < 1 || c->shape[0] > 65536 || !labels || cfg->rank < 1)
        return fail(
            FAIL_INPUT,
            "'%s' does not have labels.0, a classifier in init.*, or a tensor lora_A in init.*",
            e->st.file.path);
    *h = (struct head){ .n_labels = (int)c->shape[0],
                        .regression = labels->dtype >= ST_F16,
                        .pooling = POOL_CLS,
                        .pool_scale = 1,
                        .precision = p->cfg->precision };
    if (h->regression && h->n_labels != 1)
        return fail(FAIL_INPUT, "'%s' is a regression, but its classifier has %d outputs",
                    e->st.file.path, h->n_labels);
    return 0;
}

static int load_init(struct model *m, struct expected *e)
{
    struct peft_tensor *t;
    int n = peft_tensors(&t, m), rc = 0;

    for (int i = 0; i < n && rc == 0; i++) {
        char *name = xprintf("init.%s", t[i].key);
        const struct st_tensor *from = expected_take(e, name);
        if (!from)
            rc = fail(FAIL_INPUT, "'%s' does not have the tensor '%s'", e->st.file.path, name);
        else
            rc = st_reals(t[i].x, from, (size_t)t[i].rows * (size_t)t[i].cols);
        free(name);
    }
    peft_tensors_free(t, n);
    return rc;
}

struct trace {
    struct parity *p;
    struct expected *e;
    struct model m;
    struct workspace ws;
    int steps;
    double *loss, *norm;           /* [steps] ours */
    double *want_loss, *want_norm; /* [steps] expected; NULL: not in the file */
    real *moments;
    double *error, *slack; /* [n_train] of a gradient, and of a final value because of it */
    real *first;           /* [n_first] logits of step 0 */
    size_t n_first;
    double *logprob; /* [n_logprob] of a decoder, before step 0 */
    size_t n_logprob;
};

static double *take_column(struct expected *e, const char *name, int steps, int *rc)
{
    const struct st_tensor *t = st_find(&e->st, name);
    double *x = t ? xalloc((size_t)steps, sizeof *x) : NULL;

    if (t && st_doubles(x, t, (size_t)steps) != 0)
        *rc = -1;
    return x;
}

static size_t n_logits(const struct workspace *ws)
{
    return (size_t)ws->logits.rows * (size_t)ws->logits.cols;
}

static real *copy_logits(const struct workspace *ws)
{
    real *x = xalloc(n_logits(ws), sizeof *x);

    mat_copy(mat_make(x, ws->logits.rows, ws->logits.cols), ws->logits);
    return x;
}

static void print_step(const struct trace *t, int s)
{
    FILE *out = t->p->cfg->out;

    fprintf(out, "%4d  %.9f", s, t->loss[s]);
    if (t->want_loss)
        fprintf(out, "  %.9f  %10.2e", t->want_loss[s], fabs(t->loss[s] - t->want_loss[s]));
    fprintf(out, "  %.9f", t->norm[s]);
    if (t->want_norm)
        fprintf(out, "  %.9f  %10.2e", t->want_norm[s], fabs(t->norm[s] - t->want_norm[s]));
    fputc('\n', out);
}

/* In a pass of its own: that of a step does not keep the logits. */
static int first_logprobs(struct trace *t, const struct batch *b)
{
    struct workspace ws = { 0 };
    int rc = workspace_init(&ws, &t->m, false);

    if (rc == 0) {
        ws.all_logits = true;
        ws.batch_slots = b->n_seq;
        rc = model_fwd(&t->m, &ws, b);
    }
    if (rc == 0) {
        t->n_logprob = (size_t)batch_targets(&t->m, b);
        t->logprob = xalloc(t->n_logprob, sizeof *t->logprob);
        parity_logprobs(t->logprob, ws.logits, b->next, b->n_tok);
    }
    workspace_free(&ws);
    return rc;
}

/* The file has no gradients, so their errors are taken to be as large as a check of gradients
 * allows: in f32 a tenth of what it allows for a training, relative to the tensor's largest one. */
static void note_error(struct trace *t, const struct adamw *o)
{
    struct peft_tensor *x;
    int n = peft_tensors(&x, &t->m);
    double tol = t->p->rounded ? t->p->tol / 10 : t->p->tol;

    for (int i = 0; i < n; i++) {
        size_t at = (size_t)(x[i].x - t->m.theta), count = (size_t)x[i].rows * (size_t)x[i].cols;
        double most = 0;
        for (size_t k = 0; k < count; k++)
            most = fmax(most, fabs((double)t->ws.grad[at + k]));
        for (size_t k = 0; k < count; k++)
            t->error[at + k] = tol * most;
    }
    peft_tensors_free(x, n);
    parity_step_slack(t->slack, t->error, t->moments + t->m.n_train, t->m.n_train, o);
}

static int trace_step(struct trace *t, int s)
{
    bool causal = t->p->base->arch->causal;
    struct adamw o = { .lr = 1e-3 * (causal ? 1 : fmin((s + 1) / 4.0, (40 - s) / 36.0)),
                       .beta1 = 0.9,
                       .beta2 = 0.999,
                       .eps = 1e-8,
                       .weight_decay = 0.01,
                       .t = s + 1 };
    struct model *m = &t->m;
    char suffix[16];
    struct mat dlogits;
    struct feed f;
    int rc = -1;

    snprintf(suffix, sizeof suffix, ".%d", s);
    if (feed_make(&f, t->e, suffix, &m->base->dims, m->head.n_labels) != 0)
        return -1;
    t->ws.batch_slots = f.b.n_seq;
    memset(t->ws.grad, 0, m->n_train * sizeof(real));
    if (causal ? batch_targets(m, &f.b) == 0 : m->head.regression ? !f.b.target : !f.b.label) {
        fail(FAIL_INPUT, "'%s' does not have %s%s", t->e->st.file.path,
             causal ? "targets by prompt" : "labels of the same kind as labels.0 in labels",
             suffix);
        goto out;
    }
    if (model_fwd(m, &t->ws, &f.b) != 0)
        goto out;
    double targets = batch_targets(m, &f.b);
    t->loss[s] = model_loss(m, &t->ws, &f.b, 1 / targets, &dlogits) / targets;
    if (s == 0 && !causal) {
        t->first = copy_logits(&t->ws);
        t->n_first = n_logits(&t->ws);
    }
    if (s == 0 && causal && first_logprobs(t, &f.b) != 0)
        goto out;
    model_bwd(m, &t->ws, &f.b, dlogits);
    t->norm[s] = vec_norm(t->ws.grad, m->n_train);
    adamw_step(m->theta, t->moments, t->moments + m->n_train, t->ws.grad, m->n_train, &o);
    note_error(t, &o);
    print_step(t, s);
    rc = 0;
out:
    feed_free(&f);
    return rc;
}

static int compare_final(struct trace *t)
{
    struct peft_tensor *x;
    int n = peft_tensors(&x, &t->m), rc = 0;

    for (int i = 0; i < n && rc == 0; i++) {
        char *name = xprintf("final.%s", x[i].key);
        rc = parity_compare_reals(t->p, t->e, name, x[i].x, (size_t)x[i].rows * (size_t)x[i].cols,
                                  0, t->slack + (x[i].x - t->m.theta));
        free(name);
    }
    peft_tensors_free(x, n);
    return rc;
}

static int compare_all(struct trace *t)
{
    struct parity *p = t->p;
    size_t n = (size_t)t->steps, last = n_logits(&t->ws);

    if ((t->logprob &&
         parity_compare(p, t->e, "logprob.first", t->logprob, t->n_logprob, 0) != 0) ||
        (t->first &&
         parity_compare_reals(p, t->e, "logits.first", t->first, t->n_first, 0, NULL) != 0) ||
        (t->first &&
         parity_compare_reals(p, t->e, "logits.last", t->ws.logits.x, last, 0, NULL) != 0) ||
        parity_compare(p, t->e, "loss", t->loss, n, 0) != 0 ||
        parity_compare(p, t->e, "gradnorm", t->norm, n, 0) != 0 || compare_final(t) != 0)
        return -1;
    parity_unknown(p, t->e);
    return 0;
}

static int trace_run(struct trace *t)
{
    FILE *out = t->p->cfg->out;

    fprintf(out, "%4s  %11s%s  %11s%s\n", "step", "loss",
            t->want_loss ? "     expected  difference" : "", "grad. norm",
            t->want_norm ? "     expected  difference" : "");
    for (int s = 0; s < t->steps; s++)
        if (trace_step(t, s) != 0)
            return -1;
    fprintf(out, "\n%10s  %10s  %-7s  quantity\n", "difference", "relative", "result");
    return compare_all(t);
}

static int count_steps(const struct expected *e)
{
    char name[24] = "ids.0";
    int n = 0;

    while (n < 1000000 && st_find(&e->st, name))
        snprintf(name, sizeof name, "ids.%d", ++n);
    return n;
}

int parity_trace(struct parity *p, struct expected *e)
{
    struct trace t = { .p = p, .e = e, .steps = count_steps(e) };
    const struct adapt *lora = adapt_find("lora");
    struct lora_cfg cfg = { 0 };
    struct head h;
    int rc = 0;

    CHECK(lora, "no method 'lora'");
    t.want_loss = take_column(e, "loss", t.steps, &rc);
    t.want_norm = take_column(e, "gradnorm", t.steps, &rc);
    t.loss = xalloc((size_t)t.steps, sizeof *t.loss);
    t.norm = xalloc((size_t)t.steps, sizeof *t.norm);
    if (rc == 0)
        rc = read_setup(&cfg, &h, p, e);
    if (rc == 0 && (rc = model_init(&t.m, p->base, &h, lora, &cfg, 0, false)) == 0) {
        t.moments = xalloc(2 * t.m.n_train, sizeof *t.moments);
        t.error = xalloc(t.m.n_train, sizeof *t.error);
        t.slack = xalloc(t.m.n_train, sizeof *t.slack);
        rc = load_init(&t.m, e) != 0 || workspace_init(&t.ws, &t.m, true) != 0 ? -1 : trace_run(&t);
        workspace_free(&t.ws);
        model_free(&t.m);
    }
    free(t.first);
    free(t.logprob);
    free(t.moments);
    free(t.error);
    free(t.slack);
    free(t.norm);
    free(t.loss);
    free(t.want_norm);
    free(t.want_loss);
    lora_cfg_free(&cfg);
    return rc;
}
