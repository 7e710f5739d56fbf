/* encode.c - the hidden states that a model computes from texts. */
#include "ablations/common/encode.h"
#include "ablations/common/adapter_path.h"
#include "experiments/assets/model_dir.h"
#include "experiments/recipe/data.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH = 16 };

struct encoding {
    struct encoded *e;
    const struct model *m;
    const struct dataset *set;
    struct workspace ws;
    struct microbatch mb;
    real *rows, **place; /* hidden states of one micro-batch, [n_tok, d] at each place */
    size_t tokens;       /* encoded so far */
};

/* Is token T among the N that are sampled evenly from ALL tokens? */
static bool is_sampled(size_t t, int n, size_t all)
{
    return (t + 1) * (size_t)n / all > t * (size_t)n / all;
}

static struct mat hidden_states(struct encoding *c, int place)
{
    return place + 1 < c->e->places ? mat_make(c->place[place], c->mb.b.n_tok, c->e->d)
                                    : c->ws.hidden;
}

static void collect_place(struct encoding *c, int place, int first)
{
    const struct encoded *e = c->e;
    const struct batch *b = &c->mb.b;
    struct mat x = hidden_states(c, place);
    size_t at = (size_t)place * (size_t)e->n * (size_t)e->d, all = c->set->n_tokens;

    for (int s = 0; s < b->n_seq; s++) {
        double *mean = e->text + at + (size_t)(first + s) * (size_t)e->d;
        for (int t = b->off[s]; t < b->off[s + 1]; t++) {
            const real *row = mat_row(x, t);
            size_t k = c->tokens + (size_t)t;
            double *one = is_sampled(k, e->n, all)
                              ? e->token + at + k * (size_t)e->n / all * (size_t)e->d
                              : NULL;
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
    int idx[BATCH];

    for (int i = 0; i < n; i++)
        idx[i] = first + i;
    microbatch_fill(&c->mb, c->set, idx, n, 0);
    size_t each = (size_t)c->mb.b.n_tok * (size_t)c->e->d;
    c->rows = xgrow(c->rows, each * (size_t)c->e->places, sizeof *c->rows);
    for (int p = 0; p < c->e->places; p++)
        c->place[p] = c->rows + (size_t)p * each;
    c->ws.layer_out = c->place;
    if (model_fwd(c->m, &c->ws, &c->mb.b) != 0)
        return -1;
    for (int p = 0; p < c->e->places; p++)
        collect_place(c, p, first);
    c->tokens += (size_t)c->mb.b.n_tok;
    return stop_check();
}

int encode_texts(struct encoded *e, const struct model *m, const struct dataset *set)
{
    const struct dims *d = &m->base->dims;
    struct encoding c = { .e = e, .m = m, .set = set };
    int own = m->n_prefix + m->n_infix;

    *e = (struct encoded){ .n = set->n, .d = d->d_model, .places = d->n_layers + 2 };
    if (set->max_tokens + own > d->max_pos)
        return fail(FAIL_INPUT, "a text of '%s' has %d tokens, but the model has room for %d",
                    set->path, set->max_tokens, d->max_pos - own);
    size_t all = (size_t)e->places * (size_t)e->n * (size_t)e->d;
    e->text = xalloc(all, sizeof *e->text);
    e->token = xalloc(all, sizeof *e->token);
    c.place = xalloc((size_t)e->places, sizeof *c.place);
    int rc = workspace_init(&c.ws, m, false);
    c.ws.all_hidden = true;
    for (int i = 0; i < set->n && rc == 0; i += BATCH)
        rc = encode_batch(&c, i, set->n - i < BATCH ? set->n - i : BATCH);
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

int encode_open(struct adapted *a, struct session *ses, const char *model,
                const struct study_run *r)
{
    char key[17] = "";

    *a = (struct adapted){ 0 };
    if (r) {
        char *file = adapter_path(ses->home, r);
        if (!file)
            return -1;
        free(file);
        snprintf(key, sizeof key, "%.16s", r->key);
    }
    if (adapted_open(a, ses, r ? r->model : model, r ? key : NULL,
                     r ? POOLING_AUTO : POOLING_MEAN) != 0)
        return -1;
    return adapted_encodes(a);
}

int encode_run(struct encoded *e, struct session *ses, const char *model, const struct study_run *r,
               const struct dataset *set)
{
    struct adapted a;

    *e = (struct encoded){ 0 };
    int rc = encode_open(&a, ses, model, r) == 0 ? encode_texts(e, &a.model, set) : -1;
    adapted_close(&a);
    return rc;
}

int encode_set(struct dataset *set, struct session *ses, const char *model, const char *task,
               enum split s, long n, int second)
{
    const struct task_facts *f = task_facts(ses, task);
    char *dir = f ? model_dir(ses->home, model) : NULL;
    struct tok *tok = dir ? tok_load(dir) : NULL;
    int rc = -1;

    if (tok && !f->path[s]) {
        fail(FAIL_INPUT, "task '%s' does not have a %s split", f->name, split_names[s]);
    } else if (tok) {
        struct task t = f->task; /* borrows its strings */
        if (second == 1)
            t.col_text = t.col_pair;
        if (second >= 0)
            t.col_pair = NULL;
        rc = dataset_load(set, &t, s, f->dir, tok, 0,
                          &(struct draw){ .limit = n, .seed = EVAL_SUBSET_SEED });
    }
    tok_free(tok);
    free(dir);
    return rc;
}
