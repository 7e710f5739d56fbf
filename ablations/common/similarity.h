/* similarity.h - how similar the features are that two models compute from the same inputs. */
#ifndef SIMILARITY_H
#define SIMILARITY_H

/* similarity_cka - linear centered kernel alignment (CKA) of the features X and Y of the same n >
 * 3 inputs, from two matrices k, l [n,n] that similarity_gram made of x [n,dx] and y [n,dy]. With
 * K = X X^T, L = Y Y^T, and K~, L~ the same with zeros on the diagonal,
 *
 *     CKA(X, Y)  = HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L))        Kornblith et al. 2019, section 3
 *     HSIC(K, L) = [ tr(K~ L~) + 1'K~1 1'L~1 / ((n-1)(n-2)) - 2/(n-2) 1'K~ L~ 1 ] / (n (n-3))
 *
 * where HSIC is the unbiased estimator (Song et al. 2012, equation 5; for CKA: Nguyen et al. 2021,
 * equation 3). The usual, biased estimator is far above 0 for unrelated features unless n is much
 * larger than their dimensions. This one is 0 on average for unrelated features and may be
 * slightly negative; it is 1 for X with itself and always within [-1, 1]. Rotating, scaling or
 * shifting either side does not change it.
 *
 * The matrix k is K~, U-centered (Szekely and Rizzo 2014) and divided by its own Frobenius norm,
 * so that CKA is the sum of the products of its entries with those of l. It is all NaN when
 * nothing is left after centering: when all inputs have the same features, or all are equally far
 * from each other. */
void similarity_gram(double *k, const double *x, int n, int d);
double similarity_cka(const double *k, const double *l, int n);

/* similarity_cosine - the cosine between row i of x and row i of y [n,d], averaged over i; NaN
 * when a row is 0. */
double similarity_cosine(const double *x, const double *y, int n, int d);
#endif
