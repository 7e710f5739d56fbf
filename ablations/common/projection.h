/* projection.h - change what a matrix does along some of its directions. */
#ifndef PROJECTION_H
#define PROJECTION_H

/* projection_rows - X [rows, cols] times FACTOR along N directions Q [n, rows] of its output, which
 * are orthonormal:
 *
 *     X := X + (factor - 1) Q^T Q X
 *
 * so that FACTOR 0 removes them. projection_cols - the same along Q [n, cols] of its input:
 *
 *     X := X + (factor - 1) X Q^T Q
 *
 * X and Q do not overlap. */
void projection_rows(double *x, int rows, int cols, const double *q, int n, double factor);
void projection_cols(double *x, int rows, int cols, const double *q, int n, double factor);

/* projection_complement - along all directions of the output but Q: X := factor X + (1 - factor)
 * Q^T Q X. */
void projection_complement(double *x, int rows, int cols, const double *q, int n, double factor);

/* projection_shared - the directions that the row spaces of U [n, d] and V [m, d], both with
 * orthonormal rows, have in common: those principal directions of U whose canonical correlation
 * with V, the cosine of a principal angle, is at least COSINE (Bjorck and Golub 1973). OUT [n, d]
 * receives them; returns how many, or -1 after FAIL_RUN or FAIL_MEMORY from the SVD. */
int projection_shared(double *out, const double *u, int n, const double *v, int m, int d,
                      double cosine);
#endif
