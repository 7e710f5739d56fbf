/* bench_rate.h - how fast this machine multiplies, on several threads at once. */
#ifndef BENCH_RATE_H
#define BENCH_RATE_H

#include "core/math/rate.h"
#include "core/nn/model.h"

/* bench_rate - GFLOP/s of THREADS threads that each compute the product C for about SECONDS; 0
 * when the library does not have it. */
double bench_rate(const struct gemm_case *c, double seconds, int threads);

/* bench_rate_model - GFLOP/s over the packed products of one block of shapes D, one after another.
 * PRECISION: "bf16", anything else is the type of the program. */
double bench_rate_model(const struct dims *d, const char *precision, double seconds, int threads);
#endif
