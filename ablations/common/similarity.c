/* similarity.c - how similar the features are that two models compute from the same inputs. */
#include "ablations/common/similarity.h"
#include "core/base/base.h"

#include <math.h>
#include <stdlib.h>

/* X [n,d] less the means of its columns; the caller frees it. */
static double *center_columns(const double *x, int n, int d)
{
    double *c = xalloc((size_t)n * (size_t)d, sizeof *c);

    for (int j = 0; j < d; j++) {
        double mean = 0;
        for (int i = 0; i < n; i++)
            mean += x[(size_t)i * (size_t)d + (size_t)j] / n;
        for (int i = 0; i < n; i++) {
            size_t at = (size_t)i * (size_t)d + (size_t)j;
            c[at] = x[at] - mean;
        }
    }
    return c;
}

/* Remove the diagonal of K and what belongs to a row or a column alone. The three terms of the
 * unbiased estimator then become one sum of products. */
static void u_center(double *k, int n)
{
    double *row = xalloc((size_t)n, sizeof *row), all = 0;

    for (int i = 0; i < n; i++) {
        k[(size_t)i * (size_t)n + (size_t)i] = 0;
        for (int j = 0; j < n; j++)
            row[i] += k[(size_t)i * (size_t)n + (size_t)j];
        all += row[i];
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            if (i != j)
                k[(size_t)i * (size_t)n + (size_t)j] +=
                    all / (n - 1.0) / (n - 2.0) - (row[i] + row[j]) / (n - 2.0);
    free(row);
}

void similarity_gram(double *k, const double *x, int n, int d)
{
    double *c = center_columns(x, n, d), sum = 0, before = 0;
    size_t size = (size_t)n * (size_t)n;

    CHECK(n > 3, "%d rows", n);
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
            const double *a = c + (size_t)i * (size_t)d, *b = c + (size_t)j * (size_t)d;
            double dot = 0;
            for (int t = 0; t < d; t++)
                dot += a[t] * b[t];
            k[(size_t)i * (size_t)n + (size_t)j] = k[(size_t)j * (size_t)n + (size_t)i] = dot;
        }
    for (size_t i = 0; i < size; i++)
        before += k[i] * k[i];
    u_center(k, n);
    for (size_t i = 0; i < size; i++)
        sum += k[i] * k[i];
    for (size_t i = 0; i < size; i++) /* a remainder this small is rounding */
        k[i] = sum > 1e-24 * before ? k[i] / sqrt(sum) : NAN;
    free(c);
}

double similarity_cka(const double *k, const double *l, int n)
{
    double sum = 0;

    for (size_t i = 0; i < (size_t)n * (size_t)n; i++)
        sum += k[i] * l[i];
    return sum > 1 ? 1 : sum < -1 ? -1 : sum; /* rounding can exceed 1; NaN stays */
}

double similarity_cosine(const double *x, const double *y, int n, int d)
{
    double mean = 0;

    for (int i = 0; i < n; i++) {
        const double *a = x + (size_t)i * (size_t)d, *b = y + (size_t)i * (size_t)d;
        double ab = 0, aa = 0, bb = 0;
        for (int j = 0; j < d; j++) {
            ab += a[j] * b[j];
            aa += a[j] * a[j];
            bb += b[j] * b[j];
        }
        mean += (aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN) / n;
    }
    return mean;
}
