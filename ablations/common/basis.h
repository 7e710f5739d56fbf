/* basis.h - the input directions of a low-rank update, and how much two sets of them share. */
#ifndef BASIS_H
#define BASIS_H

#include "core/nn/model.h"

/* The right-singular vectors of one A [r,d_in], the strongest first: u [r,d], rows orthonormal. */
struct basis {
    int layer; /* from 0 */
    enum proj proj;
    int r, d;
    double *u;
};

/* basis_of - u of A [r,d], r <= d. Errors: FAIL_RUN, FAIL_MEMORY from the SVD. */
int basis_of(struct basis *b, const double *a, int r, int d);

/* basis_random - of a Gaussian matrix: the floor that no adapter has to earn. SUB keeps draws
 * apart. */
int basis_random(struct basis *b, int r, int d, uint64_t seed, uint32_t sub);

/* basis_phi - how much of the first i directions of U lies in the first j of V, for i = 1..n, j
 * = 1..m:
 *
 *     phi(i, j) = || U[1..i] V[1..j]^T ||_F^2 / min(i, j)    in [0, 1]    Hu et al. 2021, eq. 4
 *
 * phi [n,m] out. n <= u->r, m <= v->r, same d. */
void basis_phi(double *phi, int n, int m, const struct basis *u, const struct basis *v);

/* basis_load - of every A of PATH, a PEFT adapter_model.safetensors, that adapts one of the
 * projections with WANTED[p]: in order of layer and projection. Returns how many; *out by
 * basis_free. Errors: FAIL_INPUT. */
int basis_load(struct basis **out, const char *path, const bool wanted[N_PROJ]);
void basis_free(struct basis *b, int n);
#endif
