/* encode.c - hidden states of texts, and comparisons of them. */
#include "ablations/common/encode.h"
#include "experiments/recipe/inputs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TEXTS_A_BATCH = 16 };

struct encoding {
    struct encoded *e;
    const struct adapted *a;
    const struct dataset *set;
    struct workspace ws;
    struct microbatch mb;
    real *rows, **place; /* hidden states of one micro-batch */
    size_t tokens;       /* seen so far */
};

/* Is token T of all one of the N that are looked at alone? */
static bool taken(size_t t, int n, size_t all)
{
    return (t + 1) * (size_t)n / all > t * (size_t)n / all;
}

static struct mat place_rows(struct encoding *c, int place)
{
    return place + 1 < c->e->places ? mat_make(c->place[place], c->mb.b.n_tok, c->e->d)
                                    : c->ws.hidden;
}

static void collect(struct encoding *c, int place, int first)
{
    const struct encoded *e = c->e;
    const struct batch *b = &c->mb.b;
    struct mat x = place_rows(c, place);
    size_t at = (size_t)place * (size_t)e->n * (size_t)e->d, all = c->set->n_tokens;

    for (int s = 0; s < b->n_seq; s++) {
        double *mean = e->text + at + (size_t)(first + s) * (size_t)e->d;
        for (int t = b->off[s]; t < b->off[s + 1]; t++) {
            const real *row = mat_row(x, t);
            size_t k = c->tokens + (size_t)t;
            double *one =
                taken(k, e->n, all) ? e->token + at + k * (size_t)e->n / all * (size_t)e->d : NULL;
            for (int j = 0; j < e->d; j++) {
                mean[j] += (double)row[j] / (b->off[s + 1] - b->off[s]);
                if (one)
                    one[j] = (double)row[j];
            }
        }
    }
}

static int encode_batch(struct encoding *c, int first, int n)
{
    int idx[TEXTS_A_BATCH];

    for (int i = 0; i < n; i++)
        idx[i] = first + i;
    batch_fill(&c->mb, c->set, idx, n, 0);
    size_t each = (size_t)c->mb.b.n_tok * (size_t)c->e->d;
    c->rows = xgrow(c->rows, each * (size_t)c->e->places, sizeof *c->rows);
    for (int p = 0; p < c->e->places; p++)
        c->place[p] = c->rows + (size_t)p * each;
    c->ws.layer_out = c->place;
    if (model_fwd(&c->a->model, &c->ws, &c->mb.b) != 0)
        return -1;
    for (int p = 0; p < c->e->places; p++)
        collect(c, p, first);
    c->tokens += (size_t)c->mb.b.n_tok;
    return stop_check();
}

int encode_texts(struct encoded *e, const struct adapted *a, const struct dataset *set)
{
    const struct dims *d = &a->base.dims;
    struct encoding c = { .e = e, .a = a, .set = set };
    int own = a->model.n_prefix + a->model.n_infix;

    *e = (struct encoded){ .n = set->n, .d = d->d_model, .places = d->n_layers + 2 };
    if (set->max_tokens + own > d->max_pos)
        return fail(FAIL_INPUT, "a text of '%s' has %d tokens, the model has room for %d",
                    set->path, set->max_tokens, d->max_pos - own);
    size_t all = (size_t)e->places * (size_t)e->n * (size_t)e->d;
    e->text = xalloc(all, sizeof *e->text);
    e->token = xalloc(all, sizeof *e->token);
    c.place = xalloc((size_t)e->places, sizeof *c.place);
    int rc = workspace_init(&c.ws, &a->model, false);
    c.ws.all_hidden = true;
    for (int i = 0; i < set->n && rc == 0; i += TEXTS_A_BATCH)
        rc = encode_batch(&c, i, set->n - i < TEXTS_A_BATCH ? set->n - i : TEXTS_A_BATCH);
    workspace_free(&c.ws);
    microbatch_free(&c.mb);
    free(c.rows);
    free(c.place);
    return rc;
}

void encoded_free(struct encoded *e)
{
    free(e->text);
    free(e->token);
    *e = (struct encoded){ 0 };
}

int encode_run(struct encoded *e, const char *model, const struct study_run *r,
               const struct dataset *set)
{
    struct adapted a;
    char key[17] = "";

    *e = (struct encoded){ 0 };
    if (r) {
        char *file = study_run_file(r);
        if (!file)
            return -1;
        free(file);
        snprintf(key, sizeof key, "%.16s", r->key);
    }
    if (adapted_open(&a, r ? r->model : model, r ? key : NULL, r ? POOLING_AUTO : POOLING_MEAN) !=
        0)
        return -1;
    int rc = encode_texts(e, &a, set);
    adapted_close(&a);
    return rc;
}

int encode_set(struct dataset *set, const char *model, const char *task, enum split s, long n,
               int second)
{
    const struct task_facts *f = task_facts(task);
    char *dir = f ? model_dir(model) : NULL;
    struct tok *tok = dir ? tok_load(dir) : NULL;
    int rc = -1;

    if (tok && !f->path[s]) {
        fail(FAIL_INPUT, "task '%s' has no %s split", f->name, split_names[s]);
    } else if (tok) {
        struct task t = f->task; /* shares its texts */
        if (second == 1)
            t.col_text = t.col_pair;
        if (second >= 0)
            t.col_pair = NULL;
        rc = dataset_load(set, &t, s, f->dir, tok, 0, n, SUBSET_SEED);
    }
    tok_free(tok);
    free(dir);
    return rc;
}

/* --- alike? */

/* X without the means of its columns; caller frees. */
static double *centred(const double *x, int n, int d)
{
    double *c = xalloc((size_t)n * (size_t)d, sizeof *c);

    for (int j = 0; j < d; j++) {
        double mean = 0;
        for (int i = 0; i < n; i++)
            mean += x[(size_t)i * (size_t)d + (size_t)j] / n;
        for (int i = 0; i < n; i++) {
            size_t at = (size_t)i * (size_t)d + (size_t)j;
            c[at] = x[at] - mean;
        }
    }
    return c;
}

/* From K the diagonal and what is of a row or a column alone: tr(K~ L~), the sum and the row sums of
 * the unbiased estimator become one sum of products. */
static void u_centre(double *k, int n)
{
    double *row = xalloc((size_t)n, sizeof *row), all = 0;

    for (int i = 0; i < n; i++) {
        k[(size_t)i * (size_t)n + (size_t)i] = 0;
        for (int j = 0; j < n; j++)
            row[i] += k[(size_t)i * (size_t)n + (size_t)j];
        all += row[i];
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            if (i != j)
                k[(size_t)i * (size_t)n + (size_t)j] +=
                    all / (n - 1.0) / (n - 2.0) - (row[i] + row[j]) / (n - 2.0);
    free(row);
}

void gram_of(double *k, const double *x, int n, int d)
{
    double *c = centred(x, n, d), sum = 0, before = 0;
    size_t size = (size_t)n * (size_t)n;

    CHECK(n > 3, "%d rows", n);
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
            const double *a = c + (size_t)i * (size_t)d, *b = c + (size_t)j * (size_t)d;
            double dot = 0;
            for (int t = 0; t < d; t++)
                dot += a[t] * b[t];
            k[(size_t)i * (size_t)n + (size_t)j] = k[(size_t)j * (size_t)n + (size_t)i] = dot;
        }
    for (size_t i = 0; i < size; i++)
        before += k[i] * k[i];
    u_centre(k, n);
    for (size_t i = 0; i < size; i++)
        sum += k[i] * k[i];
    for (size_t i = 0; i < size; i++) /* what is left of no similarity at all is rounding */
        k[i] = sum > 1e-24 * before ? k[i] / sqrt(sum) : NAN;
    free(c);
}

double gram_cka(const double *k, const double *l, int n)
{
    double sum = 0;

    for (size_t i = 0; i < (size_t)n * (size_t)n; i++)
        sum += k[i] * l[i];
    return sum > 1 ? 1 : sum < -1 ? -1 : sum; /* rounding may leave it just outside; a NaN stays */
}

double mean_cosine(const double *x, const double *y, int n, int d)
{
    double mean = 0;

    for (int i = 0; i < n; i++) {
        const double *a = x + (size_t)i * (size_t)d, *b = y + (size_t)i * (size_t)d;
        double ab = 0, aa = 0, bb = 0;
        for (int j = 0; j < d; j++) {
            ab += a[j] * b[j];
            aa += a[j] * a[j];
            bb += b[j] * b[j];
        }
        mean += (aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN) / n;
    }
    return mean;
}
