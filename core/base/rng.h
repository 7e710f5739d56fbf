/* rng.h - counter-based random numbers (Philox4x32-10, Salmon et al. 2011, from random123).
 *
 * A number is a pure function of (seed, stream, index): any thread, any order, any resume, same
 * numbers. Streams keep data order, initialisation and dropout apart, so that changing a method
 * does not change the order of the data. Layer 0. */
#ifndef RNG_H
#define RNG_H

#include <stddef.h>
#include <stdint.h>

enum rng_stream { RNG_ORDER = 1, RNG_INIT, RNG_HEAD, RNG_DROPOUT, RNG_SUBSET, RNG_STUDY };

/* A position in a stream: sub separates tensors, sites or epochs within a stream. */
struct rng {
    uint64_t seed;
    uint32_t stream, sub;
    uint64_t at; /* index of the next number */
};

struct rng rng_make(uint64_t seed, enum rng_stream stream, uint32_t sub);
uint32_t rng_u32(struct rng *r);
double rng_uniform(struct rng *r);              /* [0,1), 53 bits */
double rng_normal(struct rng *r);               /* N(0,1), Box-Muller on two uniforms */
uint32_t rng_below(struct rng *r, uint32_t n);  /* 0..n-1 without bias */
void rng_shuffle(struct rng *r, int *x, int n); /* Fisher-Yates */

/* rng_keep - n bytes of a dropout mask, 1 with probability 1-p: byte i is a pure function of
 * (seed, RNG_DROPOUT, sub, first+i). 16 bits decide each, so p is exact to 2^-16. FIRST is a
 * multiple of 8. */
void rng_keep(unsigned char *keep, size_t n, double p, uint64_t seed, uint32_t sub, uint64_t first);
#endif
