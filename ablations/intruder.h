/* intruder.h - directions of a fine-tuned matrix that the pretrained one has not. */
#ifndef INTRUDER_H
#define INTRUDER_H

#include "ablations/common/update.h"

/* intruder_count - of the first TOP left singular vectors u_i of W + dW, how many have
 *
 *     max_j | <u_i, v_j> | < EPS    over all left singular vectors v_j of W
 *
 * Shuttleworth et al. 2024 (2410.21228), section 3. *nearest, if not NULL, is the smallest of these
 * maxima. WSVD is the spectrum of W [out,in], whose TOP is at most k. Returns the count; -1: FAIL_RUN,
 * FAIL_MEMORY from the SVD. */
int intruder_count(double *nearest, const struct spectrum *wsvd, const double *w, const double *dw,
                   int top, double eps);
#endif
