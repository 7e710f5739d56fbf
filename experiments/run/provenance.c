/* provenance.c - where and with what a run was made. */
#include "experiments/run/provenance.h"
#include "core/os/cpu.h"
#include "core/math/mat.h"
#include "experiments/recipe/recipe.h"

#if __has_include("version.h")
#include "version.h" /* LOWRANK_COMMIT, LOWRANK_DIRTY, LOWRANK_CFLAGS: made by the Makefile */
#endif

#include <jansson.h>
#include <sys/utsname.h>

#ifndef LOWRANK_COMMIT
#define LOWRANK_COMMIT "unknown"
#endif
#ifndef LOWRANK_DIRTY
#define LOWRANK_DIRTY 1
#endif
#ifndef LOWRANK_CFLAGS
#define LOWRANK_CFLAGS ""
#endif
#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

/* JSON has to be UTF-8; what the machine says about itself need not be. */
static json_t *machine_string(const char *s)
{
    json_t *j = json_string(s ? s : "");

    return j ? j : json_string("?");
}

char *provenance_json(int threads)
{
    const struct cpu *cpu = cpu_info();
    struct utsname u = { 0 };

    uname(&u);
    json_t *j = json_pack(
        "{s:{s:s, s:b}, s:{s:o, s:o, s:s}, s:{s:o, s:o, s:i, s:I}, s:{s:o, s:o, s:o, s:s*},"
        " s:{s:s, s:s, s:s, s:s, s:i}, s:i}",
        "git", "commit", LOWRANK_COMMIT, "dirty", LOWRANK_DIRTY, "host", "name",
        machine_string(u.nodename), "kernel", machine_string(u.release), "machine", u.machine,
        "cpu", "model", machine_string(cpu->model), "features", machine_string(cpu->features),
        "cores", cpu->cores, "memory", (json_int_t)cpu->mem_total, "blas", "core",
        machine_string(mat_blas_core()), "config", machine_string(mat_blas_config()), "packed",
        machine_string(packed_library()), "packed_lack", packed_lack(), "build", "compiler",
        COMPILER, "flags", LOWRANK_CFLAGS, "version", LOWRANK_VERSION, "real", real_name(),
        "numerics", (int)NUMERICS_VERSION, "threads", threads);
    CHECK(j, "provenance");
    char *s = json_dumps(j, JSON_SORT_KEYS | JSON_COMPACT);
    json_decref(j);
    return s;
}
