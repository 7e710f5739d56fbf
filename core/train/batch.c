/* batch.c - micro-batches: tokens of a few examples one after another, without padding. */
#include "core/train/data.h"

#include <math.h>
#include <stdlib.h>

static int length(const struct dataset *d, int example)
{
    return (int)(d->off[example + 1] - d->off[example]);
}

/* Room for N_TOK tokens and N_SEQ examples; a half more than asked, so that growth ends soon. */
static void reserve(struct microbatch *m, int n_tok, int n_seq)
{
    if (n_tok > m->cap_tok || n_seq > m->cap_seq) {
        m->cap_tok = n_tok > m->cap_tok ? n_tok + n_tok / 2 : m->cap_tok;
        m->cap_seq = n_seq > m->cap_seq ? n_seq + n_seq / 2 : m->cap_seq;
        size_t seq = (size_t)m->cap_seq, tok = (size_t)m->cap_tok;
        m->mem = xgrow(m->mem, 3 * tok + 4 * seq + 1, sizeof *m->mem);
        m->target = xgrow(m->target, seq, sizeof *m->target);
    }
    m->b = (struct batch){ .ids = m->mem };
    m->b.pos = m->b.ids + m->cap_tok;
    m->b.types = m->b.pos + m->cap_tok;
    m->b.off = m->b.types + m->cap_tok;
    m->b.slot = m->b.off + m->cap_seq + 1;
    m->example = m->mem + 3 * (size_t)m->cap_tok + 2 * (size_t)m->cap_seq + 1;
    m->mem[3 * (size_t)m->cap_tok] = 0; /* off[0] */
}

/* Append an example; there is room. */
static void add(struct microbatch *m, const struct dataset *d, int example, int slot)
{
    struct batch *b = &m->b;
    const int *from = d->ids + d->off[example];
    int n = length(d, example), second = d->second[example];
    int *ids = m->mem + b->n_tok, *pos = ids + m->cap_tok, *types = pos + m->cap_tok;
    int *off = m->mem + 3 * (size_t)m->cap_tok, *slots = off + m->cap_seq + 1;
    int *label = m->example + m->cap_seq;

    for (int i = 0; i < n; i++) {
        ids[i] = from[i];
        pos[i] = i;
        types[i] = i >= second;
    }
    slots[b->n_seq] = slot;
    m->example[b->n_seq] = example;
    if (d->label)
        label[b->n_seq] = d->label[example];
    if (d->target)
        m->target[b->n_seq] = (real)d->target[example];
    b->label = d->label ? label : NULL;
    b->target = d->target ? m->target : NULL;
    b->n_tok += n;
    off[++b->n_seq] = b->n_tok;
    if (n > b->max_len)
        b->max_len = n;
}

void batch_fill(struct microbatch *out, const struct dataset *d, const int *idx, int n,
                int first_slot)
{
    int n_tok = 0;

    for (int i = 0; i < n; i++)
        n_tok += length(d, idx[i]);
    reserve(out, n_tok, n);
    for (int i = 0; i < n; i++)
        add(out, d, idx[i], first_slot + i);
}

static int by_key(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* key[i] becomes the lane of example i: the longest first, into the lane with the fewest tokens
 * (Graham 1969). load [lanes] and seqs [lanes] are the tokens and examples of each lane. */
static void assign(uint64_t *key, uint64_t *load, uint64_t *seqs, int lanes,
                   const struct dataset *d, const int *idx, int n)
{
    uint64_t *sorted = seqs + lanes;

    for (int l = 0; l < lanes; l++)
        load[l] = seqs[l] = 0;
    for (int i = 0; i < n; i++) /* ties: the earlier slot first */
        sorted[i] = (UINT64_C(0xFFFFFFFF) - (uint64_t)length(d, idx[i])) << 32 | (uint64_t)i;
    qsort(sorted, (size_t)n, sizeof *sorted, by_key);
    for (int k = 0; k < n; k++) {
        int i = (int)(sorted[k] & 0xFFFFFFFF), best = 0;
        for (int l = 1; l < lanes; l++)
            if (load[l] < load[best])
                best = l;
        load[best] += (uint64_t)length(d, idx[i]);
        seqs[best]++;
        key[i] = (uint64_t)best;
    }
}

int batch_split(struct microbatch *out, int max_lanes, int tokens_per_lane, const struct dataset *d,
                const int *idx, int n, int first_slot)
{
    double n_tok = 0;

    if (n == 0)
        return 0;
    for (int i = 0; i < n; i++)
        n_tok += length(d, idx[i]);
    int most = n < max_lanes ? n : max_lanes;
    double want = n_tok < tokens_per_lane ? 1 : 2 * round(n_tok / tokens_per_lane / 2);
    int lanes = (int)fmin(fmax(want, 1), most);
    if (2 * (n + lanes) > out->cap_sort) {
        out->cap_sort = 3 * (n + lanes);
        out->sort = xgrow(out->sort, (size_t)out->cap_sort, sizeof *out->sort);
    }
    uint64_t *key = out->sort, *load = key + n, *seqs = load + lanes;
    assign(key, load, seqs, lanes, d, idx, n);
    for (int l = 0; l < lanes; l++)
        reserve(&out[l], (int)load[l], (int)seqs[l]);
    for (int i = 0; i < n; i++)
        add(&out[key[i]], d, idx[i], first_slot + i);
    return lanes;
}

void microbatch_free(struct microbatch *m)
{
    free(m->mem);
    free(m->target);
    free(m->sort);
    *m = (struct microbatch){ 0 };
}
