/* test_truncate.c - the matrices of a truncated model have the given rank and the smallest possible
 * error, and its other tensors are unchanged. */
#include "tests/kit/suite.h"
#include "tests/kit/tiny_run.h"
#include "tests/kit/tiny.h"

#include "core/nn/model.h"
#include "experiments/assets/truncate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *singular(const struct param *p, const real *minus)
{
    int m = p->rows, n = p->cols, k = m < n ? m : n;
    double *w = xalloc((size_t)m * (size_t)n, sizeof *w), *u = xalloc((size_t)m * (size_t)k, 8),
           *s = xalloc((size_t)k, sizeof *s), *vt = xalloc((size_t)k * (size_t)n, 8);

    for (size_t i = 0; i < (size_t)m * (size_t)n; i++)
        w[i] = (double)p->value[i] - (minus ? (double)minus[i] : 0);
    ck_assert_int_eq(mat_svd(u, s, vt, w, m, n), 0);
    free(w);
    free(u);
    free(vt);
    return s;
}

START_TEST(matrices_have_the_rank)
{
    enum { R = 7 };
    struct base_model a, b;
    char dir[64];
    const char *from = tiny_write();

    temp_dir(dir);
    ck_assert_msg(truncate_make("tiny@r7", NULL, from, R, dir) == 0, "%s", fail_text());
    ck_assert_int_eq(base_model_load(&a, from), 0);
    ck_assert_msg(base_model_load(&b, dir) == 0, "%s", fail_text());
    for (int i = 0; i < a.n_params; i++) {
        const struct param *p = &a.params[i], *q = &b.params[i];
        size_t n = (size_t)p->rows * (size_t)p->cols;
        if (p->layer < 0 || p->role >= ROLE_B) {
            ck_assert_int_eq(memcmp(p->value, q->value, n * sizeof *p->value), 0);
            continue;
        }
        double *s = singular(p, NULL), *t = singular(q, NULL), *d = singular(p, q->value);
        ck_assert_double_le(t[R] / t[0], 1e-6);
        ck_assert_double_le(fabs(t[R - 1] / s[R - 1] - 1), 1e-5);
        ck_assert_double_le(fabs(d[0] / s[R] - 1), 1e-5);
        free(s);
        free(t);
        free(d);
    }
    base_model_free(&a);
    base_model_free(&b);
    temp_remove(dir);
    tiny_remove();
}
END_TEST

START_TEST(names_of_truncated_models)
{
    char *of = NULL;
    long rank = 0;

    ck_assert_int_eq(truncate_name("minilm@r64", &of, &rank), 1);
    ck_assert_str_eq(of, "minilm");
    ck_assert_int_eq(rank, 64);
    free(of);
    ck_assert_int_eq(truncate_name("minilm", &of, &rank), 0);
    ck_assert_int_eq(truncate_name("/a/b@r3", &of, &rank), 0);
    ck_assert_int_eq(truncate_name("minilm@r0", &of, &rank), -1);
    ck_assert_int_eq(truncate_name("minilm@r8x", &of, &rank), -1);
    ck_assert_int_eq(truncate_make("tiny@r61", NULL, tiny_write(), 61, "/nonexistent"), -1);
    ck_assert_str_eq(fail_text(), "model 'tiny@r61': its matrices have a rank of at most 60");
    tiny_remove();
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, matrices_have_the_rank);
    tcase_add_test(tc, names_of_truncated_models);
}

const struct suite suite_truncate = { "truncate", fill };
