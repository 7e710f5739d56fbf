/* cpu.h - facts about this machine, and a remedy when OpenBLAS picks an outdated kernel. */
#ifndef CPU_H
#define CPU_H

#include "core/base/base.h"

struct cpu {
    char model[64];     /* brand string */
    char features[160]; /* the instruction sets that matter here: "avx2 fma avx512f amx_bf16 ..." */
    bool avx2, avx512, amx_bf16;
    bool bf16_fast; /* products in bf16 run faster than in f32: AMX, or AVX512-BF16 on AMD */
    int cores;      /* CPUs that this process may run on */
    size_t mem_total, mem_available; /* bytes, see ram_limits */
};
/* cpu_info - the facts, read once. */
const struct cpu *cpu_info(void);

/* cpu_blas_core_wanted - the value of OPENBLAS_CORETYPE that suits this CPU, if the kernel CORE
 * (from openblas_get_corename) is slower than the CPU's instruction sets allow; else NULL. */
const char *cpu_blas_core_wanted(const char *core);

/* cpu_reexec_for_blas - to be called first in main. If CORE is too slow and the user has not set
 * OPENBLAS_CORETYPE, set it, and OMP_NUM_THREADS and OPENBLAS_NUM_THREADS to 1, and execute this
 * program once more. Returns only if there is nothing to do.
 * cpu_blas_was_reset - the kernel that the first start had, or NULL if there was no second. */
void cpu_reexec_for_blas(const char *core, char **argv);
const char *cpu_blas_was_reset(void);
#endif
