/* fuzz_gguf.c - gguf_open on any bytes: it refuses them with status 3, or every key can be found
 * and read and every tensor can be read in full, without touching memory outside the file; the
 * model's settings are read or refused likewise. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/format/gguf.h"
#include "core/weights/gguf_model.h"

#include <math.h>
#include <stdlib.h>

static void read_value(const struct gguf *g, const struct gguf_value *v)
{
    const char **s;
    size_t *n;
    double x;
    unsigned sum = 0;

    CHECK(gguf_find(g, v->key) == v, "'%s'", v->key);
    CHECK(fuzz_plain(st_escaped(v->key)), "'%s'", st_escaped(v->key));
    free(gguf_string(v));
    for (size_t i = 0; gguf_number(&x, v, i); i++)
        sum += x > 0;
    long k = gguf_strings(&s, &n, v);
    for (long i = 0; i < k; i++)
        for (size_t j = 0; j < n[i]; j++)
            sum += (unsigned char)s[i][j];
    CHECK(k < 0 || (size_t)k == v->count, "%ld strings, %u", k, sum);
    free(s);
    free(n);
}

static void read_tensor(const struct st_file *s, const struct st_tensor *t)
{
    real *r = malloc(t->count * sizeof *r + 1);

    CHECK(r, "%zu values", t->count);
    CHECK(st_find(s, t->name) == t, "'%s'", t->name);
    if (st_reals(r, t, t->count) == 0)
        for (size_t i = 0; i < t->count; i++)
            CHECK(isfinite(r[i]), "value %zu is %g", i, (double)r[i]);
    free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(fuzz_begin(data, size));
    struct st_file s;
    struct gguf g;

    if (gguf_open(&s, &g, path) == 0) {
        for (int i = 0; i < g.n; i++)
            read_value(&g, &g.value[i]);
        for (int i = 0; i < s.n; i++)
            read_tensor(&s, &s.t[i]);
        gguf_free(&g);
        st_close(&s);
        json_t *config = gguf_model_config(path);
        if (!config)
            fuzz_refused(FUZZ_INPUT);
        json_decref(config);
    } else {
        fuzz_refused(FUZZ_INPUT);
    }
    fuzz_end();
    return 0;
}
