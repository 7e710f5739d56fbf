/* intruder.h - directions of a fine-tuned matrix that the pretrained matrix does not have. */
#ifndef INTRUDER_H
#define INTRUDER_H

#include "ablations/common/spectrum.h"

/* intruder_count - how many of the first TOP left singular vectors u_i of W + dW are intruders,
 * that is, have
 *
 *     max_j | <u_i, v_j> | < EPS    over all left singular vectors v_j of W
 *
 * Shuttleworth et al. 2024 (arXiv 2410.21228), section 3. By chance every direction is one: for u
 * uniform on the sphere of R^d, P(|<u, v>| >= EPS) = I_{1-EPS^2}((d-1)/2, 1/2), the regularized
 * incomplete beta function, and at most d times that for the nearest of d directions v_j, which is
 * 4e-23 at d = 384 and EPS = 0.5. *nearest, if not NULL, receives the
 * smallest of these maxima, and FOUND [top, out], if not NULL, the intruders. WSVD is the spectrum
 * of W [out,in]; TOP is at most its k. Returns the count, or -1 after FAIL_RUN or FAIL_MEMORY from
 * the SVD. */
int intruder_count(double *nearest, double *found, const struct spectrum *wsvd, const double *w,
                   const double *dw, int top, double eps);
#endif
