/* fuzz_safetensors.c - whatever the bytes are, the reader either refuses them or can read every
 * tensor in full. 'make fuzz' builds and runs it. */
#include "core/format/safetensors.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const struct st_file *s)
{
    for (int i = 0; i < s->n; i++) {
        const struct st_tensor *t = &s->t[i];
        real *r = malloc(t->count * sizeof *r + 1);
        double *d = malloc(t->count * sizeof *d + 1);
        long *l = malloc(t->count * sizeof *l + 1);
        CHECK(st_find(s, t->name) == t, "%d", i);
        st_reals(r, t, t->count);
        st_doubles(d, t, t->count);
        st_longs(l, t, t->count);
        st_floats_in_place(t);
        st_escaped(t->name);
        free(l);
        free(d);
        free(r);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct st_file s;
    char path[64];
    int fd = memfd_create("fuzz", 0);

    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size, "%zu bytes", size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (st_open(&s, path) == 0) {
        read_all(&s);
        st_close(&s);
    }
    close(fd);
    return 0;
}
