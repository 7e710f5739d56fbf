/* clones.h - one binary, kernels for the CPU at hand. Layer 0. */
#ifndef CLONES_H
#define CLONES_H

/* VEC_CLONES: compile a kernel for AVX-512, AVX2 and the baseline, chosen when the program is
 * loaded. Sanitizers instrument the resolvers, which run before the sanitizers do: no clones there.
 */
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) &&       \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define VEC_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define VEC_CLONES
#endif
#endif
