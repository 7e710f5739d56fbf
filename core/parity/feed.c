/* feed.c - a batch of the model's inputs, read from a file of expected results. */
#include "core/parity/feed.h"

#include <stdlib.h>

/* The integer tensor NAME+SUFFIX, whose values must be in [lo, hi]. *count is set or, if it is not
 * 0, checked. 1: there is no such tensor. The caller frees *out. */
static int take_longs(long **out, size_t *count, struct expected *e, const char *name,
                      const char *suffix, long lo, long hi)
{
    char *full = xprintf("%s%s", name, suffix);
    const struct st_tensor *t = expected_take(e, full);
    int rc = t ? 0 : 1;

    *out = NULL;
    if (t) {
        *count = *count ? *count : t->count;
        *out = xalloc(*count, sizeof **out);
        rc = st_longs(*out, t, *count);
        for (size_t i = 0; i < *count && rc == 0; i++)
            if ((*out)[i] < lo || (*out)[i] > hi)
                rc = fail(FAIL_INPUT,
                          "tensor '%s' of '%s' has %ld at index %zu; it must be from %ld to %ld",
                          full, e->st.file.path, (*out)[i], i, lo, hi);
    }
    if (rc < 0) {
        free(*out);
        *out = NULL;
    }
    free(full);
    return rc;
}

/* The lengths from lens, or else from a mask that is 1 up to the length. */
static int take_lens(long **lens, struct expected *e, const char *suffix, size_t n, size_t width)
{
    size_t count = n;
    long *mask = NULL;
    int rc = take_longs(lens, &count, e, "lens", suffix, 1, (long)width);

    if (rc != 1)
        return rc;
    count = n * width;
    rc = take_longs(&mask, &count, e, "mask", suffix, 0, 1);
    if (rc == 0) {
        *lens = xalloc(n, sizeof **lens);
        for (size_t i = 0; i < n * width; i++) {
            long *len = &(*lens)[i / width];
            if (mask[i] && *len != (long)(i % width))
                rc = -1;
            *len += mask[i];
        }
        for (size_t i = 0; i < n; i++)
            rc = (*lens)[i] ? rc : -1;
    }
    free(mask);
    if (rc != 0) {
        free(*lens);
        *lens = NULL;
        return fail(FAIL_INPUT, "'%s' needs lens%s [n] or mask%s [n,T] with ones up to a length",
                    e->st.file.path, suffix, suffix);
    }
    return 0;
}

static int one_length(long **lens, size_t width)
{
    *lens = xalloc(1, sizeof **lens);
    **lens = (long)width;
    return 0;
}

static int take_labels(struct feed *f, struct expected *e, const char *suffix, size_t n,
                       int n_labels)
{
    char *name = xprintf("labels%s", suffix);
    const struct st_tensor *t = expected_take(e, name);
    long *label = NULL;
    int rc = 0;

    free(name);
    if (t && t->dtype >= ST_F16) {
        f->target = xalloc(n, sizeof *f->target);
        f->b.target = f->target;
        return st_reals(f->target, t, n);
    }
    if (t)
        rc = take_longs(&label, &n, e, "labels", suffix, 0, n_labels - 1);
    int *to = f->mem + 3 * f->b.n_tok + 2 * f->b.n_seq + 1;
    for (size_t i = 0; i < n && label; i++)
        to[i] = (int)label[i];
    f->b.label = label ? to : NULL;
    free(label);
    return rc;
}

/* Without labels, prompt [n] has the lengths of prompts: the tokens after them are predicted. */
static int take_next_of_prompts(struct feed *f, struct expected *e, const char *suffix)
{
    size_t count = (size_t)f->b.n_seq;
    long *prompt = NULL;
    int rc = take_longs(&prompt, &count, e, "prompt", suffix, 1, f->width);

    if (rc != 0)
        return rc > 0 ? 0 : -1;
    f->next = xalloc((size_t)f->b.n_tok, sizeof *f->next);
    for (int s = 0; s < f->b.n_seq; s++)
        for (int i = f->b.off[s]; i < f->b.off[s + 1]; i++)
            f->next[i] =
                i + 1 < f->b.off[s + 1] && i + 1 - f->b.off[s] >= prompt[s] ? f->b.ids[i + 1] : -1;
    f->b.next = f->next;
    free(prompt);
    return 0;
}

/* The labels [n,T] of a decoder are those of its ids, negative where there is no loss. The token
 * that a position predicts is the label of the next position of its sequence. */
static int take_next(struct feed *f, struct expected *e, const char *suffix, int vocab)
{
    size_t count = (size_t)f->b.n_seq * (size_t)f->width;
    long *label = NULL;
    int rc = take_longs(&label, &count, e, "labels", suffix, -100, vocab - 1);

    if (rc != 0)
        return rc > 0 ? take_next_of_prompts(f, e, suffix) : -1;
    f->next = xalloc((size_t)f->b.n_tok, sizeof *f->next);
    for (int s = 0; s < f->b.n_seq; s++)
        for (int i = f->b.off[s]; i < f->b.off[s + 1]; i++) {
            long at = (long)s * f->width + (i - f->b.off[s]) + 1;
            f->next[i] = i + 1 < f->b.off[s + 1] && label[at] >= 0 ? (int)label[at] : -1;
        }
    f->b.next = f->next;
    free(label);
    return 0;
}

/* The arrays of the batch, without padding: ids, pos, types [n_tok], off [n_seq+1], slot, label
 * [n_seq]. */
static void feed_fill(struct feed *f, const long *ids, const long *types, const long *lens, int n)
{
    int n_tok = 0, at = 0;

    for (int i = 0; i < n; i++) {
        n_tok += (int)lens[i];
        if (lens[i] > f->b.max_len)
            f->b.max_len = (int)lens[i];
    }
    f->b.n_seq = n;
    f->b.n_tok = n_tok;
    int *mem = f->mem = xalloc(3 * (size_t)n_tok + 3 * (size_t)n + 1, sizeof *mem);
    int *off = mem + 3 * n_tok, *slot = off + n + 1;
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < lens[i]; k++, at++) {
            mem[at] = (int)ids[i * f->width + k];
            mem[n_tok + at] = k;
            mem[2 * n_tok + at] = types ? (int)types[i * f->width + k] : 0;
        }
        off[i + 1] = at;
        slot[i] = i;
    }
    f->b.ids = mem;
    f->b.pos = mem + n_tok;
    f->b.types = mem + 2 * n_tok;
    f->b.off = off;
    f->b.slot = slot;
}

int feed_make(struct feed *f, struct expected *e, const char *suffix, const struct dims *d,
              int n_labels)
{
    char *name = xprintf("ids%s", suffix);
    const struct st_tensor *t = expected_take(e, name);
    long *ids = NULL, *types = NULL, *lens = NULL;
    size_t count = 0, n = t && t->n_dims == 2 ? t->shape[0] : 1;
    size_t width = t && t->n_dims > 0 ? t->shape[t->n_dims - 1] : 0;
    int rc = -1;

    *f = (struct feed){ 0 };
    if (!t || t->n_dims < 1 || t->n_dims > 2 || t->count == 0 || width > (size_t)d->max_pos ||
        t->count > 1 << 24)
        fail(FAIL_INPUT, "'%s' needs %s [n,T] or [T] with T up to %d", e->st.file.path, name,
             d->max_pos);
    else if (take_longs(&ids, &count, e, "ids", suffix, 0, d->vocab - 1) == 0 &&
             take_longs(&types, &count, e, "type_ids", suffix, 0, d->n_types - 1) >= 0 &&
             (t->n_dims == 1 ? one_length(&lens, width) : take_lens(&lens, e, suffix, n, width)) ==
                 0) {
        f->width = (int)width;
        feed_fill(f, ids, types, lens, (int)n);
        rc = n_labels > 0 ? take_labels(f, e, suffix, n, n_labels)
                          : take_next(f, e, suffix, d->vocab);
    }
    free(lens);
    free(types);
    free(ids);
    free(name);
    if (rc != 0)
        feed_free(f);
    return rc;
}

void feed_free(struct feed *f)
{
    free(f->mem);
    free(f->target);
    free(f->next);
    *f = (struct feed){ 0 };
}
