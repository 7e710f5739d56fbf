/* intruder.h - directions of a fine-tuned matrix that the pretrained matrix does not have. */
#ifndef INTRUDER_H
#define INTRUDER_H

#include "ablations/common/spectrum.h"

/* intruder_count - how many of the first TOP left singular vectors u_i of W + dW are intruders,
 * that is, have
 *
 *     max_j | <u_i, v_j> | < EPS    over all left singular vectors v_j of W
 *
 * Shuttleworth et al. 2024 (arXiv 2410.21228), section 3. *nearest, if not NULL, receives the
 * smallest of these maxima. WSVD is the spectrum of W [out,in]; TOP is at most its k. Returns the
 * count, or -1 after FAIL_RUN or FAIL_MEMORY from the SVD. */
int intruder_count(double *nearest, const struct spectrum *wsvd, const double *w, const double *dw,
                   int top, double eps);
#endif
