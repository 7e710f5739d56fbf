/* fuzz_ckpt.c - ckpt_load of any file. The first byte says whether its checksum is mended, without
 * which nothing behind it is reached, and whether the bytes are the older generation. What is
 * loaded has counts that are not negative and finite sums; when nothing is loaded, the values in
 * memory are what they were. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/train/ckpt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MEND = 1, OLD = 2, VECTORS = 3, N = 4, SUM = 16 };

static void check_loaded(const struct ckpt *c)
{
    const double sums[] = { c->loss_sum, c->tokens, c->train_s, c->eval_s };

    CHECK(c->step >= 0 && c->examples >= 0 && c->loss_n >= 0, "%ld, %ld, %ld", c->step, c->examples,
          c->loss_n);
    CHECK(c->has_best == 0 || (c->has_best == 1 && c->best_step >= 0), "%ld, %ld", c->has_best,
          c->best_step);
    for (size_t i = 0; i < ARRAY_LEN(sums); i++)
        CHECK(isfinite(sums[i]) && (i == 0 || sums[i] >= 0), "sum %zu is %g", i, sums[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    real memory[VECTORS][N], *vec[VECTORS];
    struct fuzz_bytes b = fuzz_begin(data, size);
    struct ckpt c, before;
    int bits = fuzz_byte(&b);
    uint8_t *copy = (uint8_t *)fuzz_string(b);

    memset(memory, 0x3F, sizeof memory);
    memset(&before, 0, sizeof before);
    c = before;
    for (int i = 0; i < VECTORS; i++)
        vec[i] = memory[i];
    if (bits & MEND && b.size >= SUM)
        fuzz_mend(copy, b.size);
    fuzz_clear();
    fuzz_put(bits & OLD ? "c.ckpt.old" : "c.ckpt", (struct fuzz_bytes){ copy, b.size });
    char *path = xprintf("%s/c.ckpt", fuzz_dir());
    int rc = ckpt_load(path, "key", &c, vec, VECTORS, N);
    if (rc == 1) {
        check_loaded(&c);
    } else {
        const unsigned char *byte = (const unsigned char *)memory;
        for (size_t i = 0; i < sizeof memory; i++)
            CHECK(byte[i] == 0x3F, "byte %zu of the values", i);
        CHECK(memcmp(&c, &before, sizeof c) == 0, "the counts");
    }
    if (rc < 0)
        fuzz_refused(FUZZ_INPUT);
    free(path);
    free(copy);
    fuzz_end();
    return 0;
}
