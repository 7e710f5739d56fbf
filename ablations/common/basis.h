/* basis.h - the input directions of a low-rank update, and how similar the subspaces of two are. */
#ifndef BASIS_H
#define BASIS_H

#include "core/nn/model.h"

/* The right-singular vectors of one matrix A [r,d], strongest first. */
struct basis {
    int layer; /* from 0 */
    enum proj proj;
    int r, d;
    double *u; /* [r,d], with orthonormal rows */
};

/* basis_of - the directions of A [r,d], r <= d; b->u is owned by the caller. Errors: FAIL_RUN and
 * FAIL_MEMORY from the SVD. */
int basis_of(struct basis *b, const double *a, int r, int d);

/* basis_phi - how much of the span of the first i directions of U lies in the span of the first j
 * directions of V, for i = 1..n and j = 1..m:
 *
 *     phi(i, j) = || U[1..i] V[1..j]^T ||_F^2 / min(i, j)    in [0, 1]    Hu et al. 2021, eq. 4
 *
 * Writes phi [n,m]. n <= u->r, m <= v->r, and both have the same d. */
void basis_phi(double *phi, int n, int m, const struct basis *u, const struct basis *v);

/* basis_phi_random - what phi(i, j) is on average for random subspaces of R^d. For U uniform on the
 * subspaces of i dimensions E U^T U = i / d I, so E || U V^T ||_F^2 = i j / d for any V, and
 *
 *     E phi(i, j) = max(i, j) / d
 *
 * Analyses until schema 6 have the phi of one pair of Gaussian matrices in its place. */
double basis_phi_random(int i, int j, int d);

/* basis_load - the directions of every A in PATH, an adapter_model.safetensors as PEFT writes it,
 * that adapts a projection p with WANTED[p], ordered by layer, then by projection. Returns their
 * number; *out is freed by basis_free. Errors: FAIL_INPUT. */
int basis_load(struct basis **out, const char *path, const bool wanted[N_PROJ]);
void basis_free(struct basis *b, int n);
#endif
