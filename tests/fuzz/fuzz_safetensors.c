/* fuzz_safetensors.c - st_open on any bytes: it refuses them with status 3, or every tensor can be
 * found by its name and read in full, as each type, without touching memory outside the file, and
 * st_reals gives finite values only. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/format/safetensors.h"

#include <math.h>
#include <stdlib.h>

static void read_tensor(const struct st_file *s, const struct st_tensor *t)
{
    real *r = malloc(t->count * sizeof *r + 1);
    double *d = malloc(t->count * sizeof *d + 1);
    long *l = malloc(t->count * sizeof *l + 1);

    CHECK(r && d && l, "%zu values", t->count);
    CHECK(st_find(s, t->name) == t, "'%s'", t->name);
    if (st_reals(r, t, t->count) == 0)
        for (size_t i = 0; i < t->count; i++)
            CHECK(isfinite(r[i]), "value %zu is %g", i, (double)r[i]);
    st_doubles(d, t, t->count);
    st_longs(l, t, t->count);
    st_floats_in_place(t);
    CHECK(fuzz_plain(st_escaped(t->name)), "'%s'", st_escaped(t->name));
    free(l);
    free(d);
    free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct st_file s;

    if (st_open(&s, fuzz_file(fuzz_begin(data, size))) == 0) {
        for (int i = 0; i < s.n; i++)
            read_tensor(&s, &s.t[i]);
        st_close(&s);
    } else {
        fuzz_refused(FUZZ_INPUT);
    }
    fuzz_end();
    return 0;
}
