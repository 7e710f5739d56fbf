/* clones.h - kernels compiled for several instruction sets in one binary. */
#ifndef CLONES_H
#define CLONES_H

/* VEC_CLONES - compile a function for AVX-512, for AVX2, and for the baseline; the loader chooses
 * the one that suits the CPU. Not with sanitizers: they instrument the functions that choose, which
 * run before the sanitizers are ready. */
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) &&       \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define VEC_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define VEC_CLONES
#endif
#endif
