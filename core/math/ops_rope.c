/* ops_rope.c - rotary positions. */
#include "core/math/ops.h"
#include "core/math/vec.h"

#include <math.h>

void rope_table(struct mat table, const int *pos, double theta)
{
    int half = table.cols / 2;

    CHECK(table.cols == 2 * half && theta > 0, "%d columns, theta %g", table.cols, theta);
    for (int p = 0; p < table.rows; p++)
        for (int i = 0; i < half; i++) {
            double angle = (pos ? pos[p] : p) * pow(theta, -(double)i / half);
            mat_row(table, p)[i] = (real)cos(angle);
            mat_row(table, p)[half + i] = (real)sin(angle);
        }
}

VEC_CLONES static void rope_head(real *x, const real *cosine, const real *sine, int half, real sign)
{
    VEC_LOOP
    for (int i = 0; i < half; i++) {
        real a = x[i], b = x[half + i], c = cosine[i], s = sign * sine[i];
        x[i] = a * c - b * s;
        x[half + i] = b * c + a * s;
    }
}

void rope(struct mat x, struct mat table, const int *at, int sign)
{
    int d = table.cols;

    CHECK(x.cols % d == 0, "%d columns in heads of %d", x.cols, d);
    for (int t = 0; t < x.rows; t++) {
        CHECK(at[t] >= 0 && at[t] < table.rows, "row %d of %d", at[t], table.rows);
        const real *row = mat_row(table, at[t]);
        for (int i = 0; i < x.cols; i += d)
            rope_head(mat_row(x, t) + i, row, row + d / 2, d / 2, (real)sign);
    }
}
