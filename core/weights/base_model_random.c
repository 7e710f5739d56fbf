/* base_model_random.c - a checkpoint of given shapes with random values, for measurements.
 *
 * The values are in an anonymous file that is mapped like a checkpoint's file, so that memory which
 * is released after packing counts in the same way. */
#include "core/weights/base_model.h"

#include "core/base/rng.h"
#include "core/weights/base_model_impl.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, ROUND = 64 / sizeof(real) };

static bool is_gain(const struct param *p)
{
    const char *end = strrchr(p->name, '.');

    return p->is_vector && end && strcmp(end, ".weight") == 0;
}

/* Box and Muller's method in single precision: there are hundreds of millions of values to draw. */
static void fill_normal(real *x, size_t n, double sigma, uint64_t seed, uint32_t sub)
{
    struct rng r = rng_make(seed, RNG_INIT, sub);

    for (size_t i = 0; i < n; i += 2) {
        float u = ((float)rng_u32(&r) + 0.5f) * 0x1p-32f, v = (float)rng_u32(&r) * 0x1p-32f;
        float s, c, radius = (float)sigma * sqrtf(-2 * logf(u));
        sincosf(6.2831853f * v, &s, &c);
        x[i] = (real)(radius * c);
        if (i + 1 < n)
            x[i + 1] = (real)(radius * s);
    }
}

static void fill_values(const struct base_model *b, uint64_t seed)
{
    for (int i = 0; i < b->n_params; i++) {
        const struct param *p = &b->params[i];
        size_t n = param_size(p);
        for (size_t k = 0; is_gain(p) && k < n; k++)
            p->value[k] = 1;
        if (!is_gain(p))
            fill_normal(p->value, n, b->dims.init_range, seed, (uint32_t)i);
        /* The written values stay in the file. */
        madvise((void *)((uintptr_t)p->value / PAGE * PAGE), n * sizeof *p->value, MADV_DONTNEED);
    }
}

/* Every tensor on a cache line of its own. */
static int map_values(struct base_model *b)
{
    size_t at = 0, n = 0;

    for (int i = 0; i < b->n_params; i++)
        n += (param_size(&b->params[i]) + ROUND - 1) / ROUND * ROUND;
    int fd = memfd_create("lowrank random weights", MFD_CLOEXEC);
    void *x = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, (off_t)(n * sizeof(real))) == 0)
        x = mmap(NULL, n * sizeof(real), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (x == MAP_FAILED)
        return fail(FAIL_MEMORY, "no memory for %.1f million random values: %s", 1e-6 * (double)n,
                    strerror(why));
    b->weights.n_parts = 1;
    b->weights.part = xalloc(1, sizeof *b->weights.part);
    b->weights.part->file =
        (struct file){ .path = xstrdup(b->dir), .data = x, .size = n * sizeof(real) };
    for (int i = 0; i < b->n_params; i++) {
        b->params[i].value = (real *)x + at;
        at += (param_size(&b->params[i]) + ROUND - 1) / ROUND * ROUND;
    }
    return 0;
}

int base_model_random(struct base_model *b, const struct dims *d, uint64_t seed)
{
    *b = (struct base_model){ .dims = *d };
    b->dims.problem = NULL;
    b->dir = xprintf("random %s %d x %d x %d, %d words, seed %llu", d->arch, d->n_layers,
                     d->d_model, d->d_ffn, d->vocab, (unsigned long long)seed);
    sha256_hex(b->weights_sha256, b->dir, strlen(b->dir));
    if (base_model_list(b) != 0 || map_values(b) != 0) {
        base_model_free(b);
        return -1;
    }
    fill_values(b, seed);
    return 0;
}
