/* provenance.c - where and with what a run was made. */
#include "experiments/run/provenance.h"
#include "core/os/cpu.h"
#include "core/math/mat.h"
#include "experiments/recipe/recipe.h"

#if __has_include("version.h")
#include "version.h" /* LOWRANK_GIT, LOWRANK_CFLAGS: made by the Makefile */
#endif

#include <gnu/libc-version.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#ifndef LOWRANK_GIT
#define LOWRANK_GIT "{\"commit\":\"unknown\",\"why\":\"not built by the Makefile\"}"
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
    json_t *git = json_loads(LOWRANK_GIT, 0, NULL);
    CHECK(git, "not JSON: %s", LOWRANK_GIT);
    json_t *j = json_pack(
        "{s:o, s:{s:o, s:o, s:s, s:s}, s:{s:o, s:o, s:i, s:I}, s:{s:o, s:o, s:o, s:s*, s:s*},"
        " s:{s:s, s:s, s:s, s:s, s:i}, s:i}",
        "git", git, "host", "name", machine_string(u.nodename), "kernel", machine_string(u.release),
        "machine", u.machine, "libc", gnu_get_libc_version(), "cpu", "model",
        machine_string(cpu->model), "features", machine_string(cpu->features), "cores", cpu->cores,
        "memory", (json_int_t)cpu->mem_total, "blas", "core", machine_string(mat_blas_core()),
        "config", machine_string(mat_blas_config()), "packed", machine_string(packed_library()),
        "packed_lack", packed_lack(), "packed_isa", packed_isa(), "build", "compiler", COMPILER,
        "flags", LOWRANK_CFLAGS, "version", LOWRANK_VERSION, "real", real_name(), "numerics",
        (int)NUMERICS_VERSION, "threads", threads);
    CHECK(j, "provenance");
    char *s = json_dumps(j, JSON_SORT_KEYS | JSON_COMPACT);
    json_decref(j);
    return s;
}

/* What can change the bits of a result, or says why it is not known. */
static const struct {
    const char *part, *key, *label;
} facts[] = {
    { "cpu", "model", "CPU" },
    { "cpu", "features", "CPU features" },
    { "blas", "core", "OpenBLAS kernel" },
    { "blas", "config", "OpenBLAS build" },
    { "blas", "packed", "library of packed products" },
    { "blas", "packed_isa", "instruction sets of packed products" },
    { "host", "libc", "C library" },
    { "build", "compiler", "compiler" },
    { "build", "flags", "compiler flags" },
    { "build", "version", "version of lowrank" },
    { "git", "commit", "commit" },
    { "git", "changes", "uncommitted changes" },
    { NULL, "threads", "threads" },
};

/* The value of a fact as a string; the caller frees it. */
static char *fact_text(const json_t *doc, const char *part, const char *key)
{
    const json_t *v = json_object_get(part ? json_object_get(doc, part) : doc, key);
    char *s = json_is_string(v) ? xprintf("'%s'", json_string_value(v))
              : v               ? json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT)
                                : NULL;

    return s ? s : xstrdup("not recorded");
}

int provenance_compare(struct text *out, const char *was, const char *is)
{
    json_t *a = json_loads(was, 0, NULL), *b = json_loads(is, 0, NULL);
    int n = 0;

    for (size_t i = 0; a && b && i < ARRAY_LEN(facts); i++) {
        char *x = fact_text(a, facts[i].part, facts[i].key),
             *y = fact_text(b, facts[i].part, facts[i].key);
        if (strcmp(x, y) != 0) {
            text_add(out, "differs: %s: was %s, is %s\n", facts[i].label, x, y);
            n++;
        }
        free(y);
        free(x);
    }
    n = a && b ? n : -1;
    json_decref(b);
    json_decref(a);
    return n;
}
