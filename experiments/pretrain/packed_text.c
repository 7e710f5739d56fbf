/* packed_text.c - documents as one stream of tokens. A tokenizer serves one thread at a time, so
 * each thread has its own. */
#include "experiments/pretrain/packed_text.h"

#include "core/text/tok.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 1 << 20 };

/* Consecutive documents, from FIRST to before END. */
struct piece {
    int first, end;
    struct ids train, held;
};
struct tokenizing {
    const struct corpus *c;
    struct tok **tok; /* [threads] */
    struct piece *piece;
    int n;
    atomic_int done;
};

static void cut_pieces(struct tokenizing *t)
{
    size_t bytes = 0;

    for (int i = 0; i < t->c->n; i++) {
        if (i == 0 || bytes > PIECE_BYTES) {
            t->piece = xgrow(t->piece, (size_t)t->n + 1, sizeof *t->piece);
            t->piece[t->n++] = (struct piece){ .first = i };
            bytes = 0;
        }
        bytes += t->c->doc[i].size;
        t->piece[t->n - 1].end = i + 1;
    }
}

static void tokenize_piece(void *arg, int piece, int thread)
{
    struct tokenizing *t = arg;
    struct piece *p = &t->piece[piece];
    const struct tok *tok = t->tok[thread];

    for (int i = p->first; i < p->end && !stop_requested(); i++) {
        const struct document *d = &t->c->doc[i];
        struct ids *to = d->held_out ? &p->held : &p->train;
        ids_push(to, tok_role(tok, TOK_EOS));
        tok_encode(tok, t->c->text.s + d->at, d->size, to);
    }
    int done = atomic_fetch_add(&t->done, 1) + 1;
    if (thread == 0)
        progress("tokenizing: %.0f %%", 100.0 * done / t->n);
}

/* --- windows */

static void add_window(struct dataset *d, const int *id, int n)
{
    memcpy(d->ids + d->n_tokens, id, (size_t)n * sizeof *id);
    d->second[d->n] = 1; /* the first token is the prompt, all others have a loss */
    d->line[d->n] = d->n + 1;
    d->n_tokens += (size_t)n;
    d->off[++d->n] = d->n_tokens;
    if (n > d->max_tokens)
        d->max_tokens = n;
}

/* Cut the N tokens of a stream into windows; with REST also the last ones. */
static void cut_windows(struct dataset *d, const int *id, size_t n, int context, bool rest)
{
    size_t step = (size_t)context - 1, cap = n / step + 1;

    *d = (struct dataset){ .generates = true };
    d->ids = xalloc(n + cap, sizeof *d->ids);
    d->off = xalloc(cap + 1, sizeof *d->off);
    d->second = xalloc(cap, sizeof *d->second);
    d->line = xalloc(cap, sizeof *d->line);
    for (size_t at = 0; at + 1 < n; at += step) {
        size_t left = n - at;
        if (left >= (size_t)context || rest)
            add_window(d, id + at, left < (size_t)context ? (int)left : context);
    }
}

static int join_streams(struct packed_text *p, struct tokenizing *t, int context)
{
    struct ids train = { 0 }, held = { 0 };
    int end = tok_role(t->tok[0], TOK_EOS), rc = 0;

    for (int i = 0; i < t->n; i++) {
        for (int k = 0; k < t->piece[i].train.n; k++)
            ids_push(&train, t->piece[i].train.id[k]);
        for (int k = 0; k < t->piece[i].held.n; k++)
            ids_push(&held, t->piece[i].held.id[k]);
        ids_free(&t->piece[i].train);
        ids_free(&t->piece[i].held);
    }
    ids_push(&train, end);
    ids_push(&held, end);
    if (train.n < context)
        rc =
            fail(FAIL_INPUT,
                 "'%s' has %d tokens for training, fewer than one example of '--context' %d tokens",
                 t->c->path, train.n, context);
    else {
        cut_windows(&p->train, train.id, (size_t)train.n, context, false);
        cut_windows(&p->held, held.id, (size_t)held.n, context, true);
    }
    ids_free(&train);
    ids_free(&held);
    return rc;
}

int packed_text_make(struct packed_text *p, const struct corpus *c, const char *dir, int context,
                     struct pool *pool)
{
    struct tokenizing t = { .c = c };
    int threads = pool_threads(pool), rc = 0;

    *p = (struct packed_text){ 0 };
    t.tok = xalloc((size_t)threads, sizeof(struct tok *));
    for (int i = 0; i < threads && rc == 0; i++)
        rc = (t.tok[i] = tok_load(dir)) ? 0 : -1;
    cut_pieces(&t);
    if (rc == 0)
        pool_run(pool, t.n, tokenize_piece, &t);
    if (rc == 0 && (rc = stop_check()) == 0)
        rc = join_streams(p, &t, context);
    for (int i = 0; i < t.n; i++) {
        ids_free(&t.piece[i].train);
        ids_free(&t.piece[i].held);
    }
    for (int i = 0; i < threads; i++)
        tok_free(t.tok[i]);
    free(t.tok);
    free(t.piece);
    return rc;
}

void packed_text_free(struct packed_text *p)
{
    dataset_free(&p->train);
    dataset_free(&p->held);
}

double packed_text_bits(const struct packed_text *p, const struct corpus *c, double loss)
{
    double n = (double)p->held.n_tokens - p->held.n; /* predicted */

    return loss * n / (double)c->held_bytes / log(2);
}
