/* microbatch.c - micro-batches: the tokens of some examples one after another, without padding. */
#include "core/data/microbatch.h"

#include <math.h>
#include <stdlib.h>

static int example_length(const struct dataset *d, int example)
{
    return (int)(d->off[example + 1] - d->off[example]);
}

/* Room for N_TOK tokens and N_SEQ examples. A buffer grows to half more than is needed, so that it
 * grows only a few times. */
static void microbatch_reserve(struct microbatch *m, int n_tok, int n_seq)
{
    if (n_tok > m->cap_tok || n_seq > m->cap_seq) {
        m->cap_tok = n_tok > m->cap_tok ? n_tok + n_tok / 2 : m->cap_tok;
        m->cap_seq = n_seq > m->cap_seq ? n_seq + n_seq / 2 : m->cap_seq;
        size_t seq = (size_t)m->cap_seq, tok = (size_t)m->cap_tok;
        m->mem = xgrow(m->mem, 3 * tok + 4 * seq + 1, sizeof *m->mem);
        m->target = xgrow(m->target, seq, sizeof *m->target);
        m->next = xgrow(m->next, tok, sizeof *m->next);
    }
    m->b = (struct batch){ .ids = m->mem };
    m->b.pos = m->b.ids + m->cap_tok;
    m->b.types = m->b.pos + m->cap_tok;
    m->b.off = m->b.types + m->cap_tok;
    m->b.slot = m->b.off + m->cap_seq + 1;
    m->example = m->mem + 3 * (size_t)m->cap_tok + 2 * (size_t)m->cap_seq + 1;
    m->mem[3 * (size_t)m->cap_tok] = 0; /* off[0] */
}

/* Append an example; there must be room. */
static void microbatch_add(struct microbatch *m, const struct dataset *d, int example, int slot)
{
    struct batch *b = &m->b;
    const int *from = d->ids + d->off[example];
    int n = example_length(d, example), second = d->second[example];
    int first = d->generates ? second : 1; /* token with a loss */
    int *ids = m->mem + b->n_tok, *pos = ids + m->cap_tok, *types = pos + m->cap_tok;
    int *off = m->mem + 3 * (size_t)m->cap_tok, *slots = off + m->cap_seq + 1;
    int *label = m->example + m->cap_seq;

    for (int i = 0; i < n; i++) {
        ids[i] = from[i];
        pos[i] = i;
        types[i] = i >= second;
        m->next[b->n_tok + i] = i + 1 < n && i + 1 >= first ? from[i + 1] : -1;
    }
    slots[b->n_seq] = slot;
    m->example[b->n_seq] = example;
    if (d->label)
        label[b->n_seq] = d->label[example];
    if (d->target)
        m->target[b->n_seq] = (real)d->target[example];
    b->label = d->label && !d->generates ? label : NULL;
    b->target = d->target ? m->target : NULL;
    b->next = !d->generates && (d->label || d->target) ? NULL : m->next;
    b->n_tok += n;
    off[++b->n_seq] = b->n_tok;
    if (n > b->max_len)
        b->max_len = n;
}

void microbatch_fill(struct microbatch *out, const struct dataset *d, const int *idx, int n,
                     int first_slot)
{
    int n_tok = 0;

    for (int i = 0; i < n; i++)
        n_tok += example_length(d, idx[i]);
    microbatch_reserve(out, n_tok, n);
    for (int i = 0; i < n; i++)
        microbatch_add(out, d, idx[i], first_slot + i);
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

double microbatch_pair_cost(const struct dims *d)
{
    const double slower = 2; /* attention's products are small and reach about half the rate */
    double linear = 0;

    for (int p = 0; p < N_PROJ; p++) {
        int out, in;
        if (!proj_exists(d, (enum proj)p))
            continue;
        proj_shape(d, (enum proj)p, &out, &in);
        linear += (double)out * (double)in;
    }
    return slower * 3 * d->d_model / linear;
}

/* In units of 1/1024 of a token's cost: integers, so that every build cuts a batch alike. */
static uint64_t example_cost(int len, double pair_cost)
{
    return (uint64_t)llround(1024 * (len + pair_cost * len * (double)len));
}

/* How a batch is being cut; the arrays lie in scratch memory. */
struct cut {
    uint64_t *part;               /* [n] the part that an example goes to */
    uint64_t *load, *toks, *seqs; /* [parts] cost, tokens and examples of each part */
    uint64_t *sorted;             /* [n] or [parts] */
};

/* Assign each example to a part: the longest first, each to the part with the least cost so far
 * ("longest processing time first"; Graham 1969). */
static void cut_assign(struct cut *c, int parts, double pair_cost, const struct dataset *d,
                       const int *idx, int n)
{
    for (int i = 0; i < parts; i++)
        c->load[i] = c->toks[i] = c->seqs[i] = 0;
    for (int i = 0; i < n; i++) /* ties: earlier slot first */
        c->sorted[i] =
            (UINT64_C(0xFFFFFFFF) - (uint64_t)example_length(d, idx[i])) << 32 | (uint64_t)i;
    qsort(c->sorted, (size_t)n, sizeof *c->sorted, compare_keys);
    for (int k = 0; k < n; k++) {
        int i = (int)(c->sorted[k] & 0xFFFFFFFF), best = 0, len = example_length(d, idx[i]);
        for (int p = 1; p < parts; p++)
            if (c->load[p] < c->load[best])
                best = p;
        c->load[best] += example_cost(len, pair_cost);
        c->toks[best] += (uint64_t)len;
        c->seqs[best]++;
        c->part[i] = (uint64_t)best;
    }
}

/* Sort the parts by cost, the most expensive first: threads take them in this order, so the last
 * ones to finish are small. load[i] becomes the place of part i. */
static void cut_rank(struct cut *c, int parts)
{
    for (int i = 0; i < parts; i++)
        c->sorted[i] = (~c->load[i] & UINT64_C(0xFFFFFFFFFFFF)) << 16 | (uint64_t)i;
    qsort(c->sorted, (size_t)parts, sizeof *c->sorted, compare_keys);
    for (int k = 0; k < parts; k++)
        c->load[c->sorted[k] & 0xFFFF] = (uint64_t)k;
}

static struct cut cut_scratch(struct microbatch *m, int parts, int n)
{
    if (2 * n + 3 * parts > m->cap_sort) {
        m->cap_sort = 3 * n + 4 * parts;
        m->sort = xgrow(m->sort, (size_t)m->cap_sort, sizeof *m->sort);
    }
    struct cut c = { .part = m->sort };
    c.load = c.part + n;
    c.toks = c.load + parts;
    c.seqs = c.toks + parts;
    c.sorted = c.seqs + parts;
    return c;
}

int microbatch_split(struct microbatch *out, int max_parts, int tokens_per_part, double pair_cost,
                     const struct dataset *d, const int *idx, int n, int first_slot)
{
    double n_tok = 0;

    if (n == 0)
        return 0;
    CHECK(max_parts < 1 << 16, "%d parts", max_parts);
    for (int i = 0; i < n; i++)
        n_tok += example_length(d, idx[i]);
    int most = n < max_parts ? n : max_parts;
    double want = n_tok < tokens_per_part ? 1 : 2 * round(n_tok / tokens_per_part / 2);
    int parts = (int)fmin(fmax(want, 1), most);
    struct cut c = cut_scratch(&out[0], parts, n);
    cut_assign(&c, parts, pair_cost, d, idx, n);
    cut_rank(&c, parts);
    for (int i = 0; i < parts; i++)
        microbatch_reserve(&out[c.load[i]], (int)c.toks[i], (int)c.seqs[i]);
    for (int i = 0; i < n; i++)
        microbatch_add(&out[c.load[c.part[i]]], d, idx[i], first_slot + i);
    return parts;
}

void microbatch_free(struct microbatch *m)
{
    free(m->mem);
    free(m->target);
    free(m->next);
    free(m->sort);
    *m = (struct microbatch){ 0 };
}
