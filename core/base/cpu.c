/* cpu.c - what this machine is, and the guard against OpenBLAS picking an old kernel. */
#include "core/base/cpu.h"

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
#define HYGON_EBX 0x6f677948 /* "Hygo": Zen under licence; old <cpuid.h> lacks it */

static struct cpu cpu;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The rest of the first line of PATH that begins with KEY, without its ": "; false if there is
 * none. */
static bool line_of(const char *path, const char *key, char *out, size_t size)
{
    FILE *f = fopen(path, "re");
    char line[512];
    bool got = false;

    while (f && !got && fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0) {
            char *p = line + strlen(key);
            p += strspn(p, " \t:");
            p[strcspn(p, "\n")] = 0;
            snprintf(out, size, "%s", p);
            got = true;
        }
    if (f)
        fclose(f);
    return got;
}

static size_t kib_of(const char *path, const char *key)
{
    char text[64];

    return line_of(path, key, text, sizeof text) ? strtoull(text, NULL, 10) * 1024 : 0;
}

/* A cgroup file holds one number, or "max": then, and when it cannot be read, SIZE_MAX. */
static size_t number_in(const char *dir, const char *file)
{
    char text[64], *path = xprintf("%s/%s", dir, file), *end;
    unsigned long long n = 0;
    bool ok = line_of(path, "", text, sizeof text);

    if (ok) {
        n = strtoull(text, &end, 10);
        ok = end != text;
    }
    free(path);
    return ok && n < SIZE_MAX ? (size_t)n : SIZE_MAX;
}

/* What the group may still take: pages of files that were read once do not count, they are given
 * back. */
static void limit_by(const char *dir, const char *max, const char *now, const char *cached)
{
    size_t limit = number_in(dir, max), used = number_in(dir, now);
    char *stat = xprintf("%s/memory.stat", dir), text[64];

    if (limit < cpu.mem_total)
        cpu.mem_total = limit;
    if (limit != SIZE_MAX && used != SIZE_MAX) {
        size_t files = line_of(stat, cached, text, sizeof text) ? strtoull(text, NULL, 10) : 0;
        used = files < used ? used - files : 0;
        size_t left = used < limit ? limit - used : 0;
        if (left < cpu.mem_available)
            cpu.mem_available = left;
    }
    free(stat);
}

/* A limit holds for everything below it, so every parent counts. In a container the path of the
 * group may not exist under the mount: then its parents, down to the mount itself, are what there
 * is. */
static void limit_by_all(const char *mount, char *path, bool v2)
{
    for (;;) {
        char *dir = xprintf("%s%s", mount, path);
        if (v2)
            limit_by(dir, "memory.max", "memory.current", "inactive_file ");
        else
            limit_by(dir, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file ");
        free(dir);
        char *slash = strrchr(path, '/');
        if (!slash)
            break;
        *slash = 0;
    }
}

static bool names_memory(char *controllers)
{
    for (char *word; (word = strsep(&controllers, ","));)
        if (strcmp(word, "memory") == 0)
            return true;
    return false;
}

/* Lines are "ID:CONTROLLERS:PATH"; of version 2 there is one, with no controllers. */
static void read_memory(void)
{
    FILE *f = fopen("/proc/self/cgroup", "re");
    char line[4096];

    cpu.mem_total = kib_of("/proc/meminfo", "MemTotal:");
    cpu.mem_available = kib_of("/proc/meminfo", "MemAvailable:");
    while (f && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = 0;
        char *rest = line;
        strsep(&rest, ":");
        char *controllers = strsep(&rest, ":");
        if (!controllers || !rest)
            continue;
        if (!*controllers)
            limit_by_all("/sys/fs/cgroup", rest, true);
        else if (names_memory(controllers))
            limit_by_all("/sys/fs/cgroup/memory", rest, false);
    }
    if (f)
        fclose(f);
    if (cpu.mem_available > cpu.mem_total)
        cpu.mem_available = cpu.mem_total;
}

/* More than 1024 CPUs do not fit a cpu_set_t: the set grows until the kernel is content. */
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

static void tidy(char *s)
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

static void add(bool have, const char *name)
{
    size_t n = strlen(cpu.features);

    if (have)
        snprintf(cpu.features + n, sizeof cpu.features - n, "%s%s", n ? " " : "", name);
}

/* What the operating system saves on a switch (XCR0); instructions without that must not be used.
 * */
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
    /* vdpbf16ps does twice the work of an f32 multiply-add on Zen, half of it on Intel's. */
    cpu.bf16_fast = cpu.amx_bf16 || (amd && zmm && bit(a71, 5));
    add(ymm && bit(b7, 5), "avx2");
    add(fma, "fma");
    add(ymm && bit(a71, 4), "avx_vnni");
    add(zmm && bit(b7, 16), "avx512f");
    add(zmm && bit(b7, 17), "avx512dq");
    add(zmm && bit(b7, 30), "avx512bw");
    add(zmm && bit(b7, 31), "avx512vl");
    add(zmm && bit(c7, 11), "avx512_vnni");
    add(zmm && bit(a71, 5), "avx512_bf16");
    add(zmm && bit(d7, 23), "avx512_fp16");
    add(tile && bit(d7, 24), "amx_tile");
    add(tile && bit(d7, 25), "amx_int8");
    add(cpu.amx_bf16, "amx_bf16");
}
#else
static void read_features(void)
{
    if (!line_of("/proc/cpuinfo", "Features", cpu.features, sizeof cpu.features))
        line_of("/proc/cpuinfo", "isa", cpu.features, sizeof cpu.features);
}
#endif

static void read_all(void)
{
    read_features();
    tidy(cpu.model);
    if (!*cpu.model && !line_of("/proc/cpuinfo", "model name", cpu.model, sizeof cpu.model) &&
        !line_of("/proc/device-tree/model", "", cpu.model, sizeof cpu.model))
        snprintf(cpu.model, sizeof cpu.model, "unknown");
    cpu.cores = count_cores();
    read_memory();
}

const struct cpu *cpu_info(void)
{
    pthread_once(&once, read_all);
    return &cpu;
}

static bool one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcasecmp(name, *names) == 0)
            return true;
    return false;
}

/* OpenBLAS picks a kernel by family and model, so that a CPU newer than it is gets one for a CPU
 * from 2004. Haswell and Zen use AVX2: on AMD they are as fast as the AVX-512 kernels, on Intel
 * they are not. */
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
    unsetenv(
        "OPENBLAS_CORETYPE"); /* it did not work: go on as we are, and do not say that it did */
    unsetenv(GUARD);
}

const char *cpu_blas_was_reset(void)
{
    return getenv(GUARD);
}
