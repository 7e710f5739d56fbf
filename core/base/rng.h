/* rng.h - counter-based random numbers (Philox4x32-10, Salmon et al. 2011, from random123).
 *
 * A number is a pure function of (seed, stream, sub, index). So it is the same in every thread, in
 * every order of drawing, and after an interruption. Data order, initialization and dropout have
 * separate streams, so another method does not change the order of the data. */
#ifndef RNG_H
#define RNG_H

#include <stddef.h>
#include <stdint.h>

enum rng_stream {
    RNG_ORDER = 1,
    RNG_INIT,
    RNG_HEAD,
    RNG_DROPOUT,
    RNG_SUBSET,
    RNG_STUDY,
    RNG_SELECT,
    RNG_HELD_OUT,
    RNG_SCORE,
    RNG_GENERATE,
    RNG_SHOTS
};

/* A position in a stream. SUB separates tensors, places of dropout, or epochs within the stream. */
struct rng {
    uint64_t seed;
    uint32_t stream, sub;
    uint64_t at; /* index of the next number */
};

/* rng_make - the beginning of a stream. */
struct rng rng_make(uint64_t seed, enum rng_stream stream, uint32_t sub);

/* rng_u32 - 32 random bits. rng_uniform - uniform in [0,1), with 53 bits. rng_normal - N(0,1), by
 * Box-Muller on two uniform numbers. rng_below - uniform among 0..N-1, without bias. rng_shuffle -
 * permute X (Fisher-Yates). */
uint32_t rng_u32(struct rng *r);
double rng_uniform(struct rng *r);
double rng_normal(struct rng *r);
uint32_t rng_below(struct rng *r, uint32_t n);
void rng_shuffle(struct rng *r, int *x, int n);

/* rng_keep - N bytes of a dropout mask, each 1 with probability 1-P, else 0. Byte i is a pure
 * function of (SEED, RNG_DROPOUT, SUB, FIRST + i) and uses 16 random bits, so P is exact to 2^-16.
 * FIRST is a multiple of 8. */
void rng_keep(unsigned char *keep, size_t n, double p, uint64_t seed, uint32_t sub, uint64_t first);
#endif
