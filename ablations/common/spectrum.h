/* spectrum.h - the singular value decomposition of a matrix, in float64.
 *
 * A matrix X [out,in] maps IN inputs to OUT outputs. Its singular directions are stored as rows,
 * strongest first: U [k,out] on the output side and V [k,in] on the input side, so that
 *
 *     X = sum_k s_k u_k v_k^T */
#ifndef SPECTRUM_H
#define SPECTRUM_H

#include "core/math/mat.h"

struct spectrum {
    int k, out, in;
    double *u, *s, *v; /* [k,out], [k], [k,in]; owned */
};

/* spectrum_of - the decomposition of X [out,in]; k = min(out, in). spectrum_of_product - that of B
 * [out,r] A [r,in] without forming the product: with A = P S Q^T and B P S = U T R^T the singular
 * values are T and the directions U and R^T Q^T; k = min(r, out, in). Errors: FAIL_RUN and
 * FAIL_MEMORY from the SVD. *s is freed by spectrum_free, which does nothing for a zeroed struct.
 */
int spectrum_of(struct spectrum *s, const double *x, int out, int in);
int spectrum_of_product(struct spectrum *s, const double *b, const double *a, int out, int r,
                        int in);
void spectrum_free(struct spectrum *s);

/* spectrum_project - || U W V^T ||_F of W [out,in], with the first R rows of U [.,out] and of
 * V [.,in]. */
double spectrum_project(const double *u, const double *v, int r, const double *w, int out, int in);

/* spectrum_norm - sqrt(sum x^2) of X [n]: the Frobenius norm of a matrix, from its entries or from
 * its singular values. */
double spectrum_norm(const double *x, size_t n);
#endif
