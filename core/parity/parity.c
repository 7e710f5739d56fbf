/* parity.c - the check of one batch or of gradients, and the choice between the kinds of files. */
#include "core/parity/parity.h"
#include "core/parity/feed.h"
#include "core/parity/parity_compare.h"
#include "core/parity/parity_texts.h"
#include "core/parity/parity_trace.h"
#include "core/peft/peft.h"
#include "core/peft/peft_tensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The number of classes of the checkpoint's own classifier, or 2 without one; 0: a decoder. */
static int own_labels(const struct base_model *b)
{
    const struct st_tensor *t = base_model_head(b, ROLE_HEAD_W);

    if (b->arch->causal)
        return 0;
    return t && t->n_dims == 2 && t->shape[0] > 0 && t->shape[0] < 65536 ? (int)t->shape[0] : 2;
}

/* As in transformers, a single label makes a regression. */
static struct head own_head(const struct parity *p, enum pooling pooling)
{
    int n = own_labels(p->base);

    if (n == 0)
        return (struct head){ .pooling = POOL_NONE, .precision = p->cfg->precision };
    return (struct head){ .n_labels = n,
                          .regression = n == 1,
                          .pooling = pooling,
                          .pool_scale = 1,
                          .precision = p->cfg->precision };
}

/* M has one row per token; it is padded with zeros to [n,T,columns]. */
static int compare_tokens(struct parity *p, struct expected *e, const char *name, struct mat m,
                          const struct feed *f)
{
    size_t d = (size_t)m.cols, total = (size_t)f->b.n_seq * (size_t)f->width * d;
    real *x = xalloc(total, sizeof *x);

    for (int s = 0; s < f->b.n_seq; s++)
        for (int i = f->b.off[s]; i < f->b.off[s + 1]; i++)
            memcpy(x + ((size_t)s * (size_t)f->width + (size_t)(i - f->b.off[s])) * d,
                   mat_row(m, i), d * sizeof *x);
    int rc = parity_compare_reals(p, e, name, x, total, 0, NULL);
    free(x);
    return rc;
}

static int compare_embedding(struct parity *p, struct expected *e, const struct workspace *ws)
{
    size_t d = (size_t)ws->pooled.cols, n = (size_t)ws->pooled.rows;
    real *x = xalloc(n * d, sizeof *x);

    for (size_t s = 0; s < n; s++) {
        const real *row = mat_row(ws->pooled, (int)s);
        double norm = vec_norm(row, d);
        for (size_t k = 0; k < d; k++)
            x[s * d + k] = (real)(row[k] / norm);
    }
    int rc = parity_compare_reals(p, e, "embedding", x, n * d, 0, NULL);
    free(x);
    return rc;
}

/* One row per sequence, or per token of a decoder. */
static int compare_logits(struct parity *p, struct expected *e, const char *name,
                          const struct workspace *ws, const struct feed *f)
{
    struct mat m = ws->logits;

    if (p->base->arch->causal)
        return compare_tokens(p, e, name, m, f);
    CHECK(m.ld == m.cols, "%d", m.ld);
    return parity_compare_reals(p, e, name, m.x, (size_t)m.rows * (size_t)m.cols, 0, NULL);
}

/* Does the batch have labels of the kind that the head needs? */
static bool is_labeled(const struct model *m, const struct batch *b)
{
    if (m->base->arch->causal)
        return batch_targets(m, b) > 0;
    return m->head.regression ? b->target != NULL : b->label != NULL;
}

/* The mean loss, if the file has labels. */
static int compare_loss(struct parity *p, struct expected *e, const char *name,
                        const struct model *m, struct workspace *ws, const struct batch *b)
{
    if (!is_labeled(m, b))
        return 0;
    double n = batch_targets(m, b), loss = model_loss(m, ws, b, 1 / n, NULL) / n;
    return parity_compare(p, e, name, &loss, 1, 0);
}

static int check_base(struct parity *p, struct expected *e, const struct feed *f)
{
    bool embedding = st_find(&e->st, "embedding");
    struct head h = own_head(p, embedding ? POOL_MEAN : POOL_CLS);
    struct workspace ws = { 0 };
    struct model m;
    int rc = -1;

    if (model_init(&m, p->base, &h, adapt_nothing, NULL, 0, true) != 0)
        return -1;
    if (workspace_init(&ws, &m, false) == 0) {
        ws.all_hidden = ws.all_logits = true;
        ws.batch_slots = f->b.n_seq;
        rc = model_fwd(&m, &ws, &f->b);
    }
    if (rc == 0)
        rc = compare_tokens(p, e, "hidden", ws.hidden, f);
    if (rc == 0 && embedding)
        rc = compare_embedding(p, e, &ws);
    if (rc == 0 && (p->base->arch->causal || base_model_head(p->base, ROLE_HEAD_W)))
        rc = compare_logits(p, e, "logits", &ws, f) != 0
                 ? -1
                 : compare_loss(p, e, "loss", &m, &ws, &f->b);
    workspace_free(&ws);
    model_free(&m);
    return rc;
}

/* The gradient of the mean loss of one batch. */
static int mean_gradient(const struct model *m, struct workspace *ws, const struct batch *b)
{
    struct mat dout;

    memset(ws->grad, 0, m->n_train * sizeof *ws->grad);
    if (model_fwd(m, ws, b) != 0)
        return -1;
    model_loss(m, ws, b, 1.0 / batch_targets(m, b), &dout);
    model_bwd(m, ws, b, dout);
    return 0;
}

/* Every trainable tensor, under the name PREFIX + KEY; X and SLACK, which may be NULL, are laid out
 * as theta. DIFF, if not NULL, becomes the largest difference of each value's tensor, and stays as
 * it is where E does not have the tensor. */
static int compare_keys(struct parity *p, struct expected *e, const char *prefix,
                        const struct model *m, const real *x, const double *slack, double *diff)
{
    struct peft_tensor *t;
    int n = peft_tensors(&t, m), rc = 0;
    double general = strcmp(prefix, "grad.") == 0 ? expected_largest(e, prefix) : 0;

    for (int i = 0; i < n && rc == 0; i++) {
        char *name = xprintf("%s%s", prefix, t[i].key);
        size_t at = (size_t)(t[i].x - m->theta), count = (size_t)t[i].rows * (size_t)t[i].cols;
        bool known = st_find(&e->st, name);
        rc = parity_compare_reals(p, e, name, x + at, count, general, slack ? slack + at : NULL);
        for (size_t k = 0; diff && known && k < count; k++)
            diff[at + k] = p->diff;
        free(name);
    }
    peft_tensors_free(t, n);
    return rc;
}

/* Writes the values that parameter Q contributes to a tensor of the checkpoint to X; false: there
 * are none. */
typedef bool part_fn(real *x, const struct model *m, const struct param *q, const real *grad);

static bool part_merged(real *x, const struct model *m, const struct param *q, const real *grad)
{
    (void)grad;
    if (q->layer < 0 || q->role >= ROLE_B || !m->adapt->merge)
        return false;
    param_read(x, q);
    m->adapt->merge(m, q->layer, (enum proj)q->role, mat_make(x, q->rows, q->cols), 1);
    return true;
}

static bool part_gradient(real *x, const struct model *m, const struct param *q, const real *grad)
{
    (void)m;
    if (q->trainable)
        memcpy(x, grad + q->off, (size_t)q->rows * (size_t)q->cols * sizeof *x);
    return q->trainable;
}

/* Compare the tensor of E named BEFORE + the checkpoint's name, which may consist of several
 * parameters. */
static int compare_stored(struct parity *p, struct expected *e, const char *name,
                          const char *before, const struct model *m, part_fn *part,
                          const real *grad, double general)
{
    const struct arch *a = p->base->arch;
    const char *own = name + strlen(before);
    size_t count = 0, shape[3], k = strlen(a->prefix);
    real *all = NULL;
    int rc = 0;

    own += strncmp(own, a->prefix, k) == 0 ? k : 0;
    for (int i = 0; i < m->n_params; i++) {
        const struct param *q = &m->params[i];
        char *stored = stored_name(a, q);
        real *x = NULL;
        if (strcmp(stored, own) == 0) {
            int n_dims = stored_shape(a, q, shape);
            count = 1;
            for (int d = 0; d < n_dims; d++)
                count *= shape[d];
            x = xalloc((size_t)q->rows * (size_t)q->cols, sizeof *x);
            all = all ? all : xalloc(count, sizeof *all);
            if (part(x, m, q, grad))
                stored_put(all, a, q, x);
            else
                count = 0;
        }
        free(x);
        free(stored);
    }
    if (all && count > 0)
        rc = parity_compare_reals(p, e, name, all, count, general, NULL);
    free(all);
    return rc;
}

static int compare_merged(struct parity *p, struct expected *e, const struct model *m)
{
    static const char prefix[] = "merged.";
    int rc = 0;

    for (int i = 0; i < e->st.n && rc == 0; i++)
        if (strncmp(e->st.t[i].name, prefix, strlen(prefix)) == 0)
            rc = compare_stored(p, e, e->st.t[i].name, prefix, m, part_merged, NULL, 0);
    return rc;
}

/* ERROR [n_train] is the rounding error of each gradient. */
static int compare_adamw(struct parity *p, struct expected *e, struct model *m,
                         struct workspace *ws, const struct batch *b, const double *error)
{
    struct adamw o = { .lr = 1e-2, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 0.1 };
    real *moments = xalloc(2 * m->n_train, sizeof *moments);
    double *slack = xalloc(m->n_train, sizeof *slack);
    int rc = 0;

    for (o.t = 1; o.t <= 3 && rc == 0; o.t++) {
        rc = mean_gradient(m, ws, b);
        if (rc != 0)
            break;
        adamw_step(m->theta, moments, moments + m->n_train, ws->grad, m->n_train, &o);
        parity_step_slack(slack, error, moments + m->n_train, m->n_train, &o);
    }
    double tol = p->tol;
    p->tol *= p->cfg->precision == PRECISION_BF16 ? 10 : 1;
    if (rc == 0)
        rc = compare_keys(p, e, "adamw.", m, m->theta, slack, NULL);
    p->tol = tol;
    free(moments);
    free(slack);
    return rc;
}

/* The gradients with the adapter, and what three steps make of them. */
static int compare_steps(struct parity *p, struct expected *e, struct model *m,
                         struct workspace *ws, const struct batch *b)
{
    double *error = xalloc(m->n_train, sizeof *error);
    int rc = 0;

    if (expected_has(e, "grad.") && (rc = mean_gradient(m, ws, b)) == 0)
        rc = compare_keys(p, e, "grad.", m, ws->grad, NULL, error);
    if (rc == 0 && expected_has(e, "adamw."))
        rc = compare_adamw(p, e, m, ws, b, error);
    free(error);
    return rc;
}

static int check_model_with_adapter(struct parity *p, struct expected *e, const struct feed *f,
                                    struct model *m)
{
    bool labeled = is_labeled(m, &f->b);
    struct workspace ws = { 0 };
    int rc = -1;

    if (workspace_init(&ws, m, true) == 0) {
        ws.batch_slots = f->b.n_seq;
        ws.all_logits = true;
        rc = model_fwd(m, &ws, &f->b);
    }
    if (rc == 0)
        rc = compare_logits(p, e, "logits_lora", &ws, f);
    if (rc == 0)
        rc = compare_loss(p, e, "loss_lora", m, &ws, &f->b);
    if (rc == 0)
        rc = compare_merged(p, e, m);
    if (rc == 0 && labeled)
        rc = compare_steps(p, e, m, &ws, &f->b);
    workspace_free(&ws);
    return rc;
}

static int check_adapter(struct parity *p, struct expected *e, const struct feed *f,
                         const char *dir)
{
    struct head h = own_head(p, POOL_CLS);
    struct lora_cfg cfg = { 0 };
    struct model m;
    int n_labels, rc = -1;

    const struct adapt *method = peft_method(dir);
    if (!method || peft_read_config(&cfg, &n_labels, dir, &p->base->dims) != 0)
        return -1;
    if (n_labels > 0) {
        h.n_labels = n_labels;
        h.regression = n_labels == 1;
    }
    if (model_init(&m, p->base, &h, method, &cfg, 0, true) == 0) {
        if (peft_load(&m, dir) == 0)
            rc = check_model_with_adapter(p, e, f, &m);
        model_free(&m);
    }
    lora_cfg_free(&cfg);
    return rc;
}

/* Full fine-tuning: E has the gradient of each tensor under its name. */
static int check_full(struct parity *p, struct expected *e, const struct feed *f)
{
    const struct adapt *ft = adapt_find("ft");
    struct head h = own_head(p, POOL_CLS);
    double general = expected_largest(e, "");
    char none[64] = { 0 };
    struct workspace ws = { 0 };
    struct model m;
    int rc = -1;

    CHECK(ft && ft->cfg_size <= sizeof none, "no method 'ft'");
    if (model_init(&m, p->base, &h, ft, none, 0, true) != 0)
        return -1;
    if (!is_labeled(&m, &f->b)) {
        fail(FAIL_INPUT, "'%s' does not have labels, which the gradients need", p->cfg->expected);
    } else if (workspace_init(&ws, &m, true) == 0) {
        ws.batch_slots = f->b.n_seq;
        rc = mean_gradient(&m, &ws, &f->b);
    }
    for (int i = 0; i < e->st.n && rc == 0; i++)
        rc = compare_stored(p, e, e->st.t[i].name, "", &m, part_gradient, ws.grad, general);
    workspace_free(&ws);
    model_free(&m);
    return rc;
}

/* --- which kind of file */

static char *beside(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');

    return slash ? xprintf("%.*s/%s", (int)(slash - path), path, name) : xstrdup(name);
}

static int check_full_file(struct parity *p, const char *path, const char *label,
                           const struct feed *f)
{
    struct expected e;

    if (expected_open(&e, path, label) != 0)
        return -1;
    int rc = check_full(p, &e, f);
    if (rc == 0)
        parity_unknown(p, &e);
    expected_close(&e);
    return rc;
}

static int check_batch(struct parity *p, struct expected *e)
{
    char *full = beside(p->cfg->expected, "grad_full.safetensors");
    char *folder = p->cfg->adapter ? xstrdup(p->cfg->adapter) : beside(p->cfg->expected, "adapter");
    char *config = path_join(folder, "adapter_config.json");
    struct feed f;
    int rc = feed_make(&f, e, "", &p->base->dims, own_labels(p->base));

    if (rc == 0)
        rc = check_base(p, e, &f);
    if (rc == 0 && (p->cfg->adapter || file_exists(config)))
        rc = check_adapter(p, e, &f, folder);
    if (rc == 0)
        parity_unknown(p, e);
    if (rc == 0 && file_exists(full) && strcmp(full, p->cfg->expected) != 0)
        rc = check_full_file(p, full, "full: ", &f);
    feed_free(&f);
    free(config);
    free(folder);
    free(full);
    return rc;
}

/* A file with gradients only; the batch is in another file of its folder. */
static int check_gradients(struct parity *p, struct expected *e)
{
    char *path = beside(p->cfg->expected, "expected.safetensors");
    struct expected inputs;
    struct feed f;
    int rc;

    if (!file_exists(path) || strcmp(path, p->cfg->expected) == 0)
        rc = fail(
            FAIL_INPUT,
            "'%s' has no ids, ids.0 or init.*, and its folder has no expected.safetensors with ids",
            p->cfg->expected);
    else
        rc = expected_open(&inputs, path, "");
    if (rc == 0) {
        rc = feed_make(&f, &inputs, "", &p->base->dims, own_labels(p->base));
        if (rc == 0) {
            rc = check_full(p, e, &f);
            feed_free(&f);
        }
        expected_close(&inputs);
    }
    if (rc == 0)
        parity_unknown(p, e);
    free(path);
    return rc;
}

/* The labels of a regression may have been written as F32 although the other program used F64. */
static bool has_rounded_labels(const struct expected *e)
{
    const struct st_tensor *t = st_find(&e->st, "labels.0");

    return t && t->dtype >= ST_F16 && t->dtype < ST_F64;
}

static void print_result(const struct parity *p)
{
    const struct parity_result *r = p->r;

    fprintf(
        p->cfg->out,
        "largest relative difference %.2e (%s); %d quantities compared, %d beyond their tolerance "
        "(%g), %d not checked\n",
        r->worst, *p->worst ? p->worst : "none", r->n_checked, r->n_bad, p->tol, r->n_unknown);
}

/* The effect of rounding to 8 bits, 2^-9 per value, through a few layers and back. Measured: 1e-2
 * in the logits and 3e-2 in single gradients of random models, 4e-3 in the embeddings of MiniLM. */
static const double bf16_tolerance = 4e-2;

int parity_check(struct parity_result *r, struct base_model *b, const struct parity_cfg *cfg)
{
    struct parity p = { .base = b, .cfg = cfg, .r = r, .tol = cfg->tol };
    struct expected e;
    int rc;

    *r = (struct parity_result){ 0 };
    math_thread_init();
    if (expected_open(&e, cfg->expected, "") != 0)
        return -1;
    bool trace = expected_has(&e, "init.");
    p.rounded = sizeof(real) == 4 || cfg->precision == PRECISION_BF16 || has_rounded_labels(&e);
    if (p.tol <= 0)
        p.tol = cfg->precision == PRECISION_BF16 ? bf16_tolerance
                : !p.rounded                     ? 1e-9
                : trace                          ? 1e-4
                                                 : 1e-5;
    if (trace) {
        rc = parity_trace(&p, &e);
    } else {
        fprintf(cfg->out, "%10s  %10s  %-7s  quantity\n", "difference", "relative", "result");
        rc = st_find(&e.st, "ids")     ? check_batch(&p, &e)
             : st_find(&e.st, "ids.0") ? parity_texts(&p, &e)
                                       : check_gradients(&p, &e);
    }
    if (rc == 0)
        print_result(&p);
    expected_close(&e);
    return rc;
}
