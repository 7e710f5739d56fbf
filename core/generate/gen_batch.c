/* gen_batch.c - inputs that are computed together: their prompts, then token after token. */
#include "core/generate/gen_batch.h"

#include "core/base/stop.h"
#include "core/generate/kv_rows.h"
#include "core/nn/soft.h"

#include <stdlib.h>

/* An input in the making, and the rows of the cache that are its own. */
struct item {
    struct gen_search q;
    int i;    /* the input */
    int *row; /* [n_row] those of the prompt first */
    int n_row, n_prompt;
};

struct worker {
    struct shared *shared;
    const struct model *m;
    struct workspace ws;
    struct kv_rows rows;
    struct item *item; /* [n] */
    int n;
    /* The batch of a pass. */
    int *ids, *pos, *off, *slot, *row, *n_seen;
    const int **seen;
    size_t room;
};

/* Arrays for a batch of N tokens, with the virtual ones. */
static void batch_room(struct worker *w, size_t n)
{
    int **const v[] = { &w->ids, &w->pos, &w->off, &w->slot, &w->row, &w->n_seen };

    if (n + 1 <= w->room)
        return;
    w->room = 2 * n + 1;
    for (size_t i = 0; i < ARRAY_LEN(v); i++)
        *v[i] = xgrow(*v[i], w->room, sizeof **v[i]);
    w->seen = xgrow(w->seen, w->room, sizeof *w->seen);
}

/* Run a pass over N_SEQ sequences, as far as their tokens are in the arrays. */
static int run_pass(struct worker *w, int n_seq, int max_len, bool continues)
{
    struct batch b = { .n_seq = n_seq,
                       .n_tok = w->off[n_seq],
                       .max_len = max_len,
                       .ids = w->ids,
                       .pos = w->pos,
                       .off = w->off,
                       .slot = w->slot };
    struct kv_pass kv = { .cache = &w->rows.cache,
                          .row = w->row,
                          .seen = continues ? w->seen : NULL,
                          .n_seen = w->n_seen };

    for (int s = 0; s < n_seq; s++)
        w->slot[s] = s;
    w->ws.kv = &kv;
    w->ws.last_logits = true;
    int rc = model_fwd(w->m, &w->ws, &b);
    w->ws.kv = NULL;
    return rc;
}

/* --- rows of the cache */

static void own_row(struct item *it, int row)
{
    it->row = xgrow(it->row, (size_t)it->n_row + 1, sizeof *it->row);
    it->row[it->n_row++] = row;
}

/* Give back the rows of an input that none of its continuations has. */
static void give_rows(struct worker *w, struct item *it, bool all)
{
    const struct gen_search *q = &it->q;
    int n = all ? 0 : it->n_prompt;

    for (int b = 0; b < q->n_live && !all; b++)
        for (int k = it->n_prompt; k < q->live[b].n_rows; k++)
            w->rows.mark[q->live[b].row[k]] = true;
    for (int k = n; k < it->n_row; k++) {
        int row = it->row[k];
        if (w->rows.mark[row])
            it->row[n++] = row;
        else
            kv_rows_give(&w->rows, row);
        w->rows.mark[row] = false;
    }
    it->n_row = n;
}

/* --- inputs */

static int take_input(struct worker *w)
{
    struct shared *s = w->shared;
    int i = -1;

    pthread_mutex_lock(&s->lock);
    if (!s->failed && s->next < s->job->n)
        i = s->next++;
    pthread_mutex_unlock(&s->lock);
    return i;
}

static void item_free(struct worker *w, struct item *it)
{
    give_rows(w, it, true);
    gen_search_free(&it->q);
    free(it->row);
    *it = (struct item){ 0 };
}

/* Report the inputs that are done, and let others take their places. */
static int drop_done(struct worker *w)
{
    const struct gen_job *job = w->shared->job;
    int rc = 0;

    for (int k = 0; k < w->n && rc == 0; k++) {
        struct item *it = &w->item[k];
        if (!it->q.over)
            continue;
        struct gen_output *out = &w->shared->out[it->i];
        gen_search_result(&it->q, out);
        pthread_mutex_lock(&w->shared->lock);
        if (job->done)
            rc = job->done(job->self, it->i, out);
        pthread_mutex_unlock(&w->shared->lock);
        item_free(w, it);
        w->item[k--] = w->item[--w->n];
    }
    return rc;
}

/* --- passes */

/* Begin an input: its prompt's tokens go into the arrays behind those of N_SEQ others. */
static int add_prompt(struct worker *w, int i, int n_seq)
{
    const struct gen_job *job = w->shared->job;
    const struct gen_input *in = &job->in[i];
    int at = w->off[n_seq], soft = soft_rows(w->m), n_rows = in->n + soft,
        first = at + n_seq * soft;
    int room = generate_room(w->m, in->n);
    long limit = job->settings->max_new < room ? job->settings->max_new : room;
    struct item *it = &w->item[w->n];

    if (kv_rows_need(&w->rows, n_rows) != 0)
        return -1;
    *it = (struct item){ .i = i, .n_prompt = n_rows };
    gen_search_init(&it->q, job, in, (int)limit, n_rows);
    w->n++;
    for (int k = 0; k < in->n; k++) {
        w->ids[at + k] = in->ids[k];
        w->pos[at + k] = k;
    }
    struct hyp *h = &it->q.live[0];
    for (int k = 0; k < n_rows; k++) {
        w->row[first + k] = h->row[h->n_rows++] = kv_rows_take(&w->rows);
        own_row(it, h->row[k]);
    }
    w->off[n_seq + 1] = at + in->n;
    return 0;
}

/* The next tokens of the inputs from number FROM on. */
static int step_searches(struct worker *w, int from)
{
    for (int k = from, at = 0; k < w->n; k++) {
        struct gen_search *q = &w->item[k].q;
        int n = q->n_live;
        if (gen_search_step(q, mat_rows(w->ws.logits, at, n)) != 0)
            return -1;
        at += n;
        give_rows(w, &w->item[k], false);
    }
    return 0;
}

/* Take inputs until the worker has as many as it may have; false in *MORE: none is left. */
static int read_prompts(struct worker *w, bool *more)
{
    const struct gen_job *job = w->shared->job;
    int soft = soft_rows(w->m);

    while (*more && w->n < w->shared->most) {
        int from = w->n, n_seq = 0, max_len = 0, i;
        batch_room(w, 0);
        w->off[0] = 0;
        while (w->n < w->shared->most && w->off[n_seq] < GEN_PROMPT_TOKENS &&
               (i = take_input(w)) >= 0) {
            int n = job->in[i].n;
            batch_room(w, (size_t)w->off[n_seq] + (size_t)n + (size_t)((n_seq + 1) * soft));
            if (add_prompt(w, i, n_seq++) != 0)
                return -1;
            max_len = n > max_len ? n : max_len;
        }
        *more = n_seq > 0;
        if (n_seq > 0 && (run_pass(w, n_seq, max_len, false) != 0 || step_searches(w, from) != 0))
            return -1;
        if (drop_done(w) != 0)
            return -1;
    }
    return 0;
}

/* Read the last token of every continuation. */
static int read_tokens(struct worker *w)
{
    int n = 0;

    for (int k = 0; k < w->n; k++)
        n += w->item[k].q.n_live;
    batch_room(w, (size_t)n);
    if (n == 0)
        return 0;
    if (kv_rows_need(&w->rows, n) != 0)
        return -1;
    w->off[0] = n = 0;
    for (int k = 0; k < w->n; k++)
        for (int b = 0; b < w->item[k].q.n_live; b++, n++) {
            struct hyp *h = &w->item[k].q.live[b];
            w->ids[n] = h->ids[h->n - 1];
            w->pos[n] = h->n_rows;
            w->row[n] = h->row[h->n_rows++] = kv_rows_take(&w->rows);
            own_row(&w->item[k], w->row[n]);
            w->seen[n] = h->row;
            w->n_seen[n] = h->n_rows;
            w->off[n + 1] = n + 1;
        }
    if (run_pass(w, n, 1, true) != 0 || step_searches(w, 0) != 0)
        return -1;
    return drop_done(w);
}

static int work(struct worker *w)
{
    bool more = true;

    do {
        if (w->shared->failed || stop_check() != 0 || read_prompts(w, &more) != 0 ||
            read_tokens(w) != 0)
            return -1;
    } while (more || w->n > 0);
    return 0;
}

void gen_batch_run(struct shared *shared)
{
    struct worker w = { .shared = shared, .m = shared->job->model };

    math_thread_init();
    kv_rows_init(&w.rows, w.m);
    w.item = xalloc((size_t)shared->most, sizeof *w.item);
    if (workspace_init(&w.ws, w.m, false) != 0 || work(&w) != 0) {
        pthread_mutex_lock(&shared->lock);
        shared->failed = true;
        pthread_mutex_unlock(&shared->lock);
    }
    for (int k = 0; k < w.n; k++)
        item_free(&w, &w.item[k]);
    int *const v[] = { w.ids, w.pos, w.off, w.slot, w.row, w.n_seen };
    for (size_t i = 0; i < ARRAY_LEN(v); i++)
        free(v[i]);
    free(w.seen);
    free(w.item);
    kv_rows_free(&w.rows);
    workspace_free(&w.ws);
}
