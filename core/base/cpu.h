/* cpu.h - what this machine is, and the guard against OpenBLAS picking an old kernel. Layer 0. */
#ifndef CPU_H
#define CPU_H

#include "core/base/base.h"

struct cpu {
    char model[64];     /* brand string */
    char features[160]; /* "avx2 fma avx512f avx512_bf16 amx_bf16 ..." those that matter here */
    bool avx2, avx512, amx_bf16;
    bool bf16_fast; /* bf16 products run faster than f32: AMX, or AMD's AVX512-BF16 */
    int cores;      /* CPUs this process may run on */
    size_t mem_total, mem_available; /* bytes, the smaller of the machine's and the cgroup's */
};
const struct cpu *cpu_info(void);

/* cpu_blas_core_wanted - the OPENBLAS_CORETYPE that suits the CPU's feature bits when CORE (what
 * openblas_get_corename says) is a worse kernel than they allow, else NULL. */
const char *cpu_blas_core_wanted(const char *core);

/* cpu_reexec_for_blas - call first thing in main: when CORE is too slow a kernel and the user has
 * not set OPENBLAS_CORETYPE, set it (and OMP_NUM_THREADS=OPENBLAS_NUM_THREADS=1) and execute this
 * program again, once. Returns only if nothing had to be done. cpu_blas_was_reset: what the first
 * start had, or NULL. */
void cpu_reexec_for_blas(const char *core, char **argv);
const char *cpu_blas_was_reset(void);
#endif
