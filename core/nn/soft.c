/* soft.c - batches with virtual tokens. */
#include "core/nn/soft.h"

#include "core/weights/arch.h"

#include <string.h>

/* Real tokens before the prefix. */
static int tokens_before_prefix(const struct model *m)
{
    return m->base->arch->causal ? 0 : 1;
}

int soft_check_positions(const struct model *m)
{
    int max_pos = m->base->dims.max_pos;

    if (m->n_prefix < max_pos && m->n_infix < max_pos - m->n_prefix)
        return 0;
    return fail_setting(
        "prefix,infix",
        "'prefix' is %d and 'infix' is %d, but the model has %d positions for virtual tokens "
        "and text together",
        m->n_prefix, m->n_infix, max_pos);
}

int soft_check_infix(const struct model *m)
{
    const struct arch *a = m->base->arch;

    if (m->n_infix == 0 || !a->causal)
        return 0;
    return fail_setting(
        "infix",
        "'infix' is %d, but a decoder (%s) reads plain text, in which there is no prompt for "
        "an infix to follow; it must be 0",
        m->n_infix, a->name);
}

int soft_row(const struct model *m, const int *off, int seq, int k)
{
    return k < m->n_prefix ? off[seq] + tokens_before_prefix(m) + k
                           : off[seq + 1] - soft_rows(m) + k;
}

size_t soft_bytes(int n_seq, int n_tok)
{
    const size_t align = 64; /* that of an arena, so that plans of its memory are exact */
    size_t bytes = (3 * (size_t)n_tok + (size_t)n_seq + 1) * sizeof(int);

    return (bytes + align - 1) / align * align;
}

/* Row AT of the longer batch: token T of B, or virtual token K with the segment of token T. */
static void put_token(struct batch *out, int at, const struct batch *b, int t, int k, int pos)
{
    ((int *)(uintptr_t)out->ids)[at] = k < 0 ? b->ids[t] : -1 - k;
    ((int *)(uintptr_t)out->pos)[at] = pos;
    if (b->types)
        ((int *)(uintptr_t)out->types)[at] = b->types[t];
}

void soft_batch(struct batch *out, void *mem, const struct model *m, const struct batch *b)
{
    int extra = soft_rows(m), n_tok = b->n_tok + b->n_seq * extra, *ints = mem, *off, at = 0;

    *out = *b;
    out->n_tok = n_tok;
    out->max_len = b->max_len + extra;
    out->ids = ints;
    out->pos = ints + n_tok;
    out->types = b->types ? ints + 2 * n_tok : NULL;
    out->next = NULL;
    out->off = off = ints + 3 * n_tok;
    for (int s = 0; s < b->n_seq; s++) {
        int first = b->off[s], end = b->off[s + 1], pos = b->pos[first];

        CHECK(pos + end - first + extra <= m->base->dims.max_pos, "%d tokens and %d virtual ones",
              end - first, extra);
        off[s] = at;
        for (int t = first; t < end; t++) {
            for (int k = 0; t == first + tokens_before_prefix(m) && k < m->n_prefix; k++, at++)
                put_token(out, at, b, t > first ? t - 1 : t, k, pos++);
            put_token(out, at++, b, t, -1, pos++);
        }
        if (end - first == tokens_before_prefix(m)) /* there is no token after the first */
            for (int k = 0; k < m->n_prefix; k++)
                put_token(out, at++, b, end - 1, k, pos++);
        for (int k = 0; k < m->n_infix; k++)
            put_token(out, at++, b, end - 1, m->n_prefix + k, pos++);
    }
    off[b->n_seq] = at;
    CHECK(at == n_tok, "%d rows of %d", at, n_tok);
}

/* Copy the rows of real tokens between Y and X, whose offsets are OFF. */
static void copy_real(struct mat y, struct mat x, const struct model *m, const int *off, int n_seq,
                      bool out)
{
    for (int s = 0, at = 0; s < n_seq; s++) {
        int n = off[s + 1] - off[s] - soft_rows(m),
            a = n < tokens_before_prefix(m) ? n : tokens_before_prefix(m);
        struct mat y0 = mat_rows(y, at, a), y1 = mat_rows(y, at + a, n - a);
        struct mat x0 = mat_rows(x, off[s], a), x1 = mat_rows(x, off[s] + a + m->n_prefix, n - a);

        mat_copy(out ? y0 : x0, out ? x0 : y0);
        mat_copy(out ? y1 : x1, out ? x1 : y1);
        at += n;
    }
}

void soft_remove(struct mat y, struct mat x, const struct model *m, const int *off, int n_seq)
{
    copy_real(y, x, m, off, n_seq, true);
}

void soft_insert(struct mat x, struct mat y, const struct model *m, const int *off, int n_seq)
{
    for (int s = 0; s < n_seq; s++)
        for (int k = 0; k < soft_rows(m); k++)
            memset(mat_row(x, soft_row(m, off, s, k)), 0, (size_t)x.cols * sizeof(real));
    copy_real(y, x, m, off, n_seq, false);
}
