/* test_kv_cache.c - tokens that are computed one after another with a cache of keys and values have
 * the logits of the whole sequence, with every method. */
#include "core/adapt/adapt.h"
#include "core/nn/soft.h"
#include "tests/kit/suite.h"
#include "tests/kit/tiny.h"

#include <stdlib.h>
#include <string.h>

#ifdef REAL_IS_DOUBLE
static const double tol = 1e-12;
#else
static const double tol = 2e-5;
#endif

/* Lists with hooks of every kind, after the single methods. */
static const char *const lists[] = { "lora+adapter-h", "lora+prefix-layer", "adapter-p+prefix-kv",
                                     "dora+prefix-embed" };
static const char *const golden[] = { "tests/golden/gpt2", "tests/golden/llama" };

static int n_single(void)
{
    int n = 0;

    while (adapt_table[n])
        n++;
    return n;
}

static const struct adapt *method_at(int i)
{
    return i < n_single() ? adapt_table[i] : adapt_find(lists[i - n_single()]);
}

enum { SEQS = 3, TEXT = 6, MORE = 4, SEEN = TEXT + MORE + 16 };
static const int prompt[SEQS] = { TEXT, 1, 3 }; /* tokens of each prompt */

static struct {
    struct base_model base;
    struct model m;
    struct workspace ws;
    struct kv_cache cache;
    int ids[SEQS][TEXT + MORE], row[SEQS][SEEN], n_seen[SEQS];
} f;

/* Logits of every token of sequence S, of N tokens. */
static struct mat whole(int s, int n)
{
    int pos[TEXT + MORE], off[2] = { 0, n }, slot = 0;
    struct batch b = { .n_seq = 1, .n_tok = n, .max_len = n, .ids = f.ids[s], .pos = pos };
    struct workspace ws;

    b.off = off;
    b.slot = &slot;
    for (int i = 0; i < n; i++)
        pos[i] = i;
    ck_assert_int_eq(workspace_init(&ws, &f.m, false), 0);
    ws.all_logits = true;
    ck_assert_int_eq(model_fwd(&f.m, &ws, &b), 0);
    struct mat z =
        mat_make(xalloc((size_t)n * (size_t)ws.logits.cols, sizeof(real)), n, ws.logits.cols);
    mat_copy(z, ws.logits);
    workspace_free(&ws);
    return z;
}

/* The prompts in one pass; the rows of the cache are taken in an order of no meaning. */
static void read_prompts(int from, int n_seq)
{
    int ids[SEQS * TEXT], pos[SEQS * TEXT], off[SEQS + 1] = { 0 }, row[SEQS * SEEN], at = 0;
    int slot[SEQS] = { 0, 1, 2 };

    for (int s = 0; s < n_seq; s++) {
        int n = prompt[from + s], all = n + soft_rows(&f.m);
        for (int i = 0; i < n; i++) {
            ids[off[s] + i] = f.ids[from + s][i];
            pos[off[s] + i] = i;
        }
        off[s + 1] = off[s] + n;
        f.n_seen[from + s] = all;
        for (int i = 0; i < all; i++, at++)
            row[at] = f.row[from + s][i] = (SEQS * SEEN - 1) - ((from + s) * SEEN + i);
    }
    struct batch b = { .n_seq = n_seq, .n_tok = off[n_seq], .max_len = TEXT };
    b.ids = ids;
    b.pos = pos;
    b.off = off;
    b.slot = slot;
    struct kv_pass kv = { .cache = &f.cache, .row = row };
    f.ws.kv = &kv;
    ck_assert_int_eq(model_fwd(&f.m, &f.ws, &b), 0);
}

/* Token number I after the prompt of each of the sequences. */
static void read_next(int i, int from, int n_seq)
{
    int ids[SEQS], pos[SEQS], off[SEQS + 1] = { 0 }, slot[SEQS] = { 0, 1, 2 }, row[SEQS];
    const int *seen[SEQS];

    for (int s = 0; s < n_seq; s++) {
        int q = from + s;
        ids[s] = f.ids[q][prompt[q] + i];
        pos[s] = f.n_seen[q];
        off[s + 1] = s + 1;
        row[s] = f.row[q][f.n_seen[q]] = q * SEEN + i;
        f.n_seen[q]++;
        seen[s] = f.row[q];
    }
    struct batch b = { .n_seq = n_seq, .n_tok = n_seq, .max_len = 1 };
    b.ids = ids;
    b.pos = pos;
    b.off = off;
    b.slot = slot;
    struct kv_pass kv = { &f.cache, row, seen, f.n_seen + from };
    f.ws.kv = &kv;
    ck_assert_int_eq(model_fwd(&f.m, &f.ws, &b), 0);
}

static bool build(int i)
{
    const struct adapt *a = method_at(i / 2);
    struct head h = tiny_head(POOL_NONE, false, 0);

    memset(&f, 0, sizeof f);
    ck_assert_msg(base_model_load(&f.base, golden[i % 2]) == 0, "%s", fail_text());
    void *cfg = tiny_cfg(a, NULL, NULL);
    int rc = model_init(&f.m, &f.base, &h, a, cfg, 4, false);
    tiny_cfg_free(a, cfg);
    if (rc != 0) { /* a method that decoders, or this one, cannot have */
        base_model_free(&f.base);
        return false;
    }
    tiny_fill_b(&f.m);
    for (int s = 0; s < SEQS; s++)
        for (int k = 0; k < TEXT + MORE; k++)
            f.ids[s][k] = 3 + (7 * s + 5 * k) % 90;
    ck_assert_int_eq(workspace_init(&f.ws, &f.m, false), 0);
    f.ws.last_logits = true;
    kv_cache_init(&f.cache, &f.m);
    ck_assert_int_eq(kv_cache_grow(&f.cache, 5), 0);
    ck_assert_int_eq(kv_cache_grow(&f.cache, SEQS * SEEN), 0);
    return true;
}

static void unbuild(void)
{
    kv_cache_free(&f.cache);
    workspace_free(&f.ws);
    model_free(&f.m);
    base_model_free(&f.base);
}

START_TEST(logits_are_those_of_the_whole)
{
    if (!build(_i))
        return;
    for (int i = -1; i < MORE; i++) {
        i < 0 ? read_prompts(0, SEQS) : read_next(i, 0, SEQS);
        ck_assert_int_eq(f.ws.logits.rows, SEQS);
        for (int s = 0; s < SEQS; s++) {
            int n = prompt[s] + i + 1;
            struct mat z = whole(s, n), want = mat_rows(z, n - 1, 1);
            size_t k = (size_t)z.cols;
            double scale = tiny_max(want.x, k);
            ck_assert_double_le(tiny_diff(mat_row(f.ws.logits, s), want.x, k, scale), tol);
            free(z.x);
        }
    }
    unbuild();
}
END_TEST

/* Sequence 1 alone and among others has the same bits. */
START_TEST(bits_do_not_depend_on_others)
{
    real *with[MORE + 1];

    if (!build(_i))
        return;
    bool alike = model_rows_alike(&f.m);
    size_t n = (size_t)f.base.dims.vocab;
    for (int i = -1; alike && i < MORE; i++) {
        i < 0 ? read_prompts(0, SEQS) : read_next(i, 0, SEQS);
        with[i + 1] = xalloc(n, sizeof(real));
        memcpy(with[i + 1], mat_row(f.ws.logits, 1), n * sizeof(real));
    }
    for (int i = -1; alike && i < MORE; i++) {
        i < 0 ? read_prompts(1, 1) : read_next(i, 1, 1);
        ck_assert_mem_eq(with[i + 1], f.ws.logits.x, n * sizeof(real));
        free(with[i + 1]);
    }
    unbuild();
}
END_TEST

static void fill(TCase *tc)
{
    int n = 2 * (n_single() + (int)ARRAY_LEN(lists));

    tcase_add_loop_test(tc, logits_are_those_of_the_whole, 0, n);
    tcase_add_loop_test(tc, bits_do_not_depend_on_others, 0, n);
}

const struct suite suite_kv_cache = { "kv_cache", fill };
