/* test_projection.c - matrices changed along planted directions, and planted subspaces that have a
 * part in common. */
#include "ablations/common/projection.h"
#include "ablations/common/spectrum.h"
#include "core/base/rng.h"
#include "tests/kit/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 7, COLS = 11 };

static void gaussian(double *x, int n, uint32_t sub)
{
    struct rng g = rng_make(3, RNG_STUDY, sub);

    for (int i = 0; i < n; i++)
        x[i] = rng_normal(&g);
}

/* || sum_{FROM <= k < TO} f s_k u_k v_k^T + the rest of S - X ||, relative to || X || of S. */
static double distance(const double *x, const struct spectrum *s, int from, int to, double f)
{
    double sum = 0, all = 0;

    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLS; j++) {
            double y = 0;
            for (int k = 0; k < s->k; k++)
                y += (k >= from && k < to ? f : 1) * s->s[k] * s->u[k * ROWS + i] *
                     s->v[k * COLS + j];
            sum += (y - x[i * COLS + j]) * (y - x[i * COLS + j]);
        }
    for (int k = 0; k < s->k; k++)
        all += s->s[k] * s->s[k];
    return sqrt(sum / all);
}

/* Along singular directions a matrix changes in its singular values only. */
START_TEST(singular_directions)
{
    double x[ROWS * COLS], y[ROWS * COLS];
    struct spectrum s;

    gaussian(x, ROWS * COLS, 1);
    ck_assert_int_eq(spectrum_of(&s, x, ROWS, COLS), 0);
    memcpy(y, x, sizeof y);
    projection_rows(y, ROWS, COLS, s.u, 3, 0);
    ck_assert_double_le(distance(y, &s, 0, 3, 0), 1e-14);
    memcpy(y, x, sizeof y);
    projection_cols(y, ROWS, COLS, s.v, 3, -0.5);
    ck_assert_double_le(distance(y, &s, 0, 3, -0.5), 1e-14);
    memcpy(y, x, sizeof y);
    projection_complement(y, ROWS, COLS, s.u, 3, 0.25);
    ck_assert_double_le(distance(y, &s, 3, ROWS, 0.25), 1e-14);
    ck_assert_double_ge(distance(y, &s, 3, ROWS, 0), 0.1); /* the distance can tell */
    spectrum_free(&s);
}
END_TEST

/* U and V are coordinate subspaces of R^COLS, rotated within themselves, that have the coordinates
 * 2 and 3 in common. */
START_TEST(common_directions)
{
    double g[3 * 3], u[3 * COLS] = { 0 }, v[3 * COLS] = { 0 }, out[3 * COLS], inside = 0;
    struct spectrum r;

    gaussian(g, 9, 2);
    ck_assert_int_eq(spectrum_of(&r, g, 3, 3), 0);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            u[i * COLS + 1 + j] = r.u[i * 3 + j]; /* coordinates 1, 2, 3 */
            v[i * COLS + 2 + j] = r.v[i * 3 + j]; /* coordinates 2, 3, 4 */
        }
    ck_assert_int_eq(projection_shared(out, u, 3, v, 3, COLS, 0.5), 2);
    for (int i = 0; i < 2; i++)
        inside += out[i * COLS + 2] * out[i * COLS + 2] + out[i * COLS + 3] * out[i * COLS + 3];
    ck_assert_double_le(fabs(inside - 2), 1e-13);
    ck_assert_int_eq(projection_shared(out, u, 3, v, 3, COLS, 0), 3);
    spectrum_free(&r);
}
END_TEST

static void add_projection_tests(TCase *tc)
{
    tcase_add_test(tc, singular_directions);
    tcase_add_test(tc, common_directions);
}

const struct suite suite_projection = { "projection", add_projection_tests };
