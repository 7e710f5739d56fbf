/* doctor_machine.c - the machine, and how fast it multiplies. */
#include "experiments/doctor/doctor.h"
#include "core/os/cpu.h"
#include "core/os/file.h"
#include "core/math/rate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add_cpu(struct doctor *d)
{
    const struct cpu *c = cpu_info();
#ifdef __x86_64__
    bool slow = !c->avx2;
#else
    bool slow = false;
#endif

    doctor_add(d, FACT_OK, "program", xprintf("lowrank %s, %s", LOWRANK_VERSION, real_name()),
               NULL);
    doctor_add(d, FACT_OK, "processor", xprintf("%s, %d cores", c->model, c->cores), NULL);
    doctor_add(d, slow ? FACT_WARN : FACT_OK, "vector units",
               xstrdup(*c->features ? c->features : "none that this program knows"),
               slow ? "training will be slow" : NULL);
}

static void add_memory(struct doctor *d)
{
    const struct cpu *c = cpu_info();
    double total = (double)c->mem_total / 1e9, free_now = (double)c->mem_available / 1e9;
    bool little = free_now < 1;

    doctor_add(d, little ? FACT_WARN : FACT_OK, "memory",
               xprintf("%.1f GB, %.1f GB of it free", total, free_now),
               little ? "a run of the default model needs 0.3 GB; use fewer workers" : NULL);
}

/* The kernel puts its choice in brackets: "always [madvise] never". */
static void add_huge_pages(struct doctor *d)
{
    FILE *f = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");
    char line[128] = "", *open, *close;

    if (f && !fgets(line, sizeof line, f))
        line[0] = 0;
    if (f)
        fclose(f);
    open = strchr(line, '[');
    close = open ? strchr(open, ']') : NULL;
    if (close)
        *close = 0;
    const char *mode = close ? open + 1 : "unknown";
    bool never = strcmp(mode, "never") == 0;
    doctor_add(d, never ? FACT_WARN : FACT_OK, "huge pages", xstrdup(mode),
               never ? "training is a little slower; to allow them: echo madvise "
                       ">/sys/kernel/mm/transparent_hugepage/enabled"
                     : NULL);
}

/* "OpenBLAS 0.3.21" from "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..."; the caller frees it. */
static char *library_name(const char *config)
{
    size_t name = strcspn(config, " "), version = name + (config[name] == ' ');

    return xprintf("%.*s", (int)(version + strcspn(config + version, " ")), config);
}

/* There is advice only for a missing library, not for a CPU, for a choice of the user, or for
 * double precision. */
static void add_packed(struct doctor *d)
{
    const char *lack = packed_lack();

    doctor_add(d, lack && sizeof(real) == 4 ? FACT_WARN : FACT_OK, "packed weights",
               lack ? xprintf("not used; BLAS multiplies instead: %s", lack)
                    : xstrdup(packed_library()),
               packed_built_in() ? NULL : "install libdnnl-dev and build again");
}

static void add_blas(struct doctor *d)
{
    const char *core = mat_blas_core(), *was = cpu_blas_was_reset();
    const char *want = cpu_blas_core_wanted(core), *user = getenv("OPENBLAS_CORETYPE");
    char *name = library_name(mat_blas_config()), *advice = NULL;

    if (want && user && !was)
        advice = xprintf(
            "OPENBLAS_CORETYPE=%s is a slower kernel than this CPU allows: unset it, or use %s",
            user, want);
    else if (want)
        advice = xprintf("slower than this CPU allows: export OPENBLAS_CORETYPE=%s", want);
    doctor_add(d, want ? FACT_WARN : FACT_OK, "BLAS",
               was ? xprintf("%s, core %s (instead of %s)", name, core, was)
                   : xprintf("%s, core %s", name, core),
               advice);
    free(advice);
    free(name);
    add_packed(d);
}

static void add_speed(struct doctor *d)
{
    struct gemm_case c = { .lib = GEMM_OPENBLAS, .rows = 128, .in = 384, .out = 1536 };
    double plain = gemm_rate(&c, 0.2, NULL);
    c.lib = GEMM_PACKED;
    double packed = gemm_rate(&c, 0.2, NULL);
    c.bf16 = true;
    double half = gemm_rate(&c, 0.2, NULL);
    bool slow = plain < 0.5 * packed, fast = cpu_info()->bf16_fast && half > 0;

    doctor_add(d, slow ? FACT_WARN : FACT_OK, "speed of BLAS",
               xprintf("%.0f GFLOP/s on one thread", plain),
               slow ? "BLAS uses a slow kernel; see the advice on BLAS above" : NULL);
    doctor_add(d, FACT_OK, "speed of packed weights", xprintf("%.0f GFLOP/s on one thread", packed),
               NULL);
    if (half > 0)
        doctor_add(d, FACT_OK, "the same in bf16", xprintf("%.0f GFLOP/s on one thread", half),
                   NULL);
    doctor_add(d, FACT_OK, "precision=auto",
               xstrdup(fast ? "bf16 for products with frozen weights" : real_name()), NULL);
}

void doctor_machine(struct doctor *d)
{
    math_thread_init();
    add_cpu(d);
    add_memory(d);
    add_huge_pages(d);
    add_blas(d);
    add_speed(d);
}
