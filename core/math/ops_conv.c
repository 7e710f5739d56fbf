/* ops_conv.c - a convolution over tokens as one product. */
#include "core/math/ops.h"

/* Which rows of x a row of cols has: tap t of token i is token i + t - width/2, if the sequence has
 * it. */
static bool in_sequence(int i, const int *off, int s)
{
    return i >= off[s] && i < off[s + 1];
}

void conv_rows(struct mat cols, struct mat x, const int *off, int n_seq, int width)
{
    CHECK(cols.cols == x.cols * width && width % 2 == 1, "%d of %d x %d", cols.cols, x.cols, width);
    for (int s = 0; s < n_seq; s++)
        for (int i = off[s]; i < off[s + 1]; i++)
            for (int t = 0; t < width; t++) {
                int from = i + t - width / 2;
                const real *in = in_sequence(from, off, s) ? mat_row(x, from) : NULL;
                real *out = mat_row(cols, i) + t;
                for (int c = 0; c < x.cols; c++)
                    out[(size_t)c * (size_t)width] = in ? in[c] : 0;
            }
}

void conv_rows_bwd(struct mat dx, struct mat dcols, const int *off, int n_seq, int width)
{
    CHECK(dcols.cols == dx.cols * width && width % 2 == 1, "%d of %d x %d", dcols.cols, dx.cols,
          width);
    for (int s = 0; s < n_seq; s++)
        for (int i = off[s]; i < off[s + 1]; i++)
            for (int t = 0; t < width; t++) {
                int to = i + t - width / 2;
                const real *in = mat_row(dcols, i) + t;
                if (!in_sequence(to, off, s))
                    continue;
                for (int c = 0; c < dx.cols; c++)
                    mat_row(dx, to)[c] += in[(size_t)c * (size_t)width];
            }
}
