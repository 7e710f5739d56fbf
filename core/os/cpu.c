/* cpu.c - facts about this machine, and a remedy when OpenBLAS picks an outdated kernel. */
#include "core/os/cpu.h"
#include "core/base/ram.h"
#include "core/base/procfs.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

#define GUARD "LOWRANK_REEXEC"
#define HYGON_EBX 0x6f677948 /* "Hygo": Zen under license; older versions of <cpuid.h> lack it */

static struct cpu cpu;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* A cpu_set_t holds at most 1024 CPUs; the set grows until it is large enough for the kernel. */
static int count_cores(void)
{
    for (size_t n = 1024; n <= 1 << 16; n *= 2) {
        cpu_set_t *set = CPU_ALLOC(n);
        if (!set)
            break;
        int rc = sched_getaffinity(0, CPU_ALLOC_SIZE(n), set);
        int err = errno, count = rc == 0 ? CPU_COUNT_S(CPU_ALLOC_SIZE(n), set) : 0;
        CPU_FREE(set);
        if (rc == 0)
            return count;
        if (err != EINVAL)
            break;
    }
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int)n : 1;
}

/* Remove spaces at both ends, and all but one of several in a row. */
static void squeeze_spaces(char *s)
{
    char *to = s;

    for (const char *p = s + strspn(s, " "); *p; p++)
        if (*p != ' ' || (p[1] != ' ' && p[1] != 0))
            *to++ = *p;
    *to = 0;
}

static bool amd;

#ifdef __x86_64__
static bool bit(unsigned reg, int i)
{
    return reg >> i & 1;
}

static void add_feature(bool have, const char *name)
{
    size_t n = strlen(cpu.features);

    if (have)
        snprintf(cpu.features + n, sizeof cpu.features - n, "%s%s", n ? " " : "", name);
}

/* The register sets that the operating system saves when it switches tasks (XCR0). Instructions on
 * other registers must not be used. */
static unsigned saved_state(unsigned c1)
{
    unsigned lo = 0, hi;

    if (bit(c1, 27))
        __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return lo;
}

static void read_features(void)
{
    unsigned a, b, c, d, c1 = 0, b7 = 0, c7 = 0, d7 = 0, a71 = 0, top = 0;
    unsigned brand[12] = { 0 };

    if (__get_cpuid(0, &top, &b, &c, &d))
        amd = b == signature_AMD_ebx || b == HYGON_EBX;
    __get_cpuid(1, &a, &b, &c1, &d);
    if (__get_cpuid_count(7, 0, &a, &b7, &c7, &d7) && a >= 1)
        __get_cpuid_count(7, 1, &a71, &b, &c, &d);
    for (unsigned i = 0; i < 3; i++)
        __get_cpuid(0x80000002 + i, &brand[4 * i], &brand[4 * i + 1], &brand[4 * i + 2],
                    &brand[4 * i + 3]);
    snprintf(cpu.model, sizeof cpu.model, "%.48s", (const char *)brand);
    unsigned xcr0 = saved_state(c1);
    bool ymm = (xcr0 & 0x6) == 0x6, zmm = (xcr0 & 0xE6) == 0xE6, tile = (xcr0 & 0x60000) == 0x60000;
    bool fma = ymm && bit(c1, 12);
    bool wide = bit(b7, 17) && bit(b7, 28) && bit(b7, 30) && bit(b7, 31); /* dq cd bw vl */
    cpu.avx2 = ymm && bit(b7, 5) && fma;
    cpu.avx512 = zmm && bit(b7, 16) && wide;
    cpu.amx_bf16 = tile && bit(d7, 24) && bit(d7, 22);
    /* vdpbf16ps does twice the work of an f32 multiply-add on Zen, but half of it on Intel. */
    cpu.bf16_fast = cpu.amx_bf16 || (amd && zmm && bit(a71, 5));
    add_feature(ymm && bit(b7, 5), "avx2");
    add_feature(fma, "fma");
    add_feature(ymm && bit(a71, 4), "avx_vnni");
    add_feature(zmm && bit(b7, 16), "avx512f");
    add_feature(zmm && bit(b7, 17), "avx512dq");
    add_feature(zmm && bit(b7, 30), "avx512bw");
    add_feature(zmm && bit(b7, 31), "avx512vl");
    add_feature(zmm && bit(c7, 11), "avx512_vnni");
    add_feature(zmm && bit(a71, 5), "avx512_bf16");
    add_feature(zmm && bit(d7, 23), "avx512_fp16");
    add_feature(tile && bit(d7, 24), "amx_tile");
    add_feature(tile && bit(d7, 25), "amx_int8");
    add_feature(cpu.amx_bf16, "amx_bf16");
}
#else
static void read_features(void)
{
    if (!procfs_line("/proc/cpuinfo", "Features", cpu.features, sizeof cpu.features))
        procfs_line("/proc/cpuinfo", "isa", cpu.features, sizeof cpu.features);
}
#endif

static void cpu_read(void)
{
    read_features();
    squeeze_spaces(cpu.model);
    if (!*cpu.model && !procfs_line("/proc/cpuinfo", "model name", cpu.model, sizeof cpu.model) &&
        !procfs_line("/proc/device-tree/model", "", cpu.model, sizeof cpu.model))
        snprintf(cpu.model, sizeof cpu.model, "unknown");
    cpu.cores = count_cores();
    ram_limits(&cpu.mem_total, &cpu.mem_available);
}

const struct cpu *cpu_info(void)
{
    pthread_once(&once, cpu_read);
    return &cpu;
}

static bool one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcasecmp(name, *names) == 0)
            return true;
    return false;
}

/* OpenBLAS picks its kernel by CPU family and model, so a CPU that is newer than the library gets a
 * kernel from 2004. The kernels Haswell and Zen use AVX2; they are as fast as the AVX-512 kernels
 * on AMD, but not on Intel. */
const char *cpu_blas_core_wanted(const char *core)
{
    static const char *const wide[] = { "SkylakeX", "Cooperlake", "Sapphirerapids", NULL };
    static const char *const avx2[] = { "Haswell", "Zen", NULL };

    cpu_info();
    if (!core || !*core || !cpu.avx2 || one_of(core, wide))
        return NULL;
    if (one_of(core, avx2) && (amd || !cpu.avx512))
        return NULL;
    return cpu.avx512 ? "SkylakeX" : "Haswell";
}

void cpu_reexec_for_blas(const char *core, char **argv)
{
    const char *want = cpu_blas_core_wanted(core);

    if (!want || getenv("OPENBLAS_CORETYPE") || getenv(GUARD))
        return;
    setenv("OPENBLAS_CORETYPE", want, 1);
    setenv("OMP_NUM_THREADS", "1", 1);
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    setenv(GUARD, core, 1);
    execv("/proc/self/exe", argv);
    /* The program could not be started again: continue, and let nothing claim that it was. */
    unsetenv("OPENBLAS_CORETYPE");
    unsetenv(GUARD);
}

const char *cpu_blas_was_reset(void)
{
    return getenv(GUARD);
}
