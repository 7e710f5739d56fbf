/* fuzz_pickle.c - whatever the bytes are, as a file of torch.save or as the pickle in it, the
 * reader either refuses them or can read every tensor in full. 'make fuzz' builds and runs it. */
#include "core/format/pickle.h"
#include "core/format/torch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A tensor with strides of 0 may have any number of values in a small file. */
enum { MOST_VALUES = 1 << 16 };

static void read_all(const struct st_file *s)
{
    for (int i = 0; i < s->n; i++) {
        const struct st_tensor *t = &s->t[i];
        CHECK(st_find(s, t->name) == t, "%d", i);
        st_escaped(t->name);
        st_floats_in_place(t);
        if (t->count > MOST_VALUES)
            continue;
        double *d = malloc(t->count * sizeof *d + 1);
        long *l = malloc(t->count * sizeof *l + 1);
        st_doubles(d, t, t->count);
        st_longs(l, t, t->count);
        free(l);
        free(d);
    }
}

static void read_file(const uint8_t *data, size_t size)
{
    struct st_file s;
    char path[64];
    int fd = memfd_create("fuzz", 0);

    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size, "%zu bytes", size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (torch_open(&s, path) == 0) {
        read_all(&s);
        st_close(&s);
    }
    close(fd);
}

/* Is every value of T in its storage? */
static void check_view(const struct pickle_tensor *t)
{
    unsigned __int128 last = t->offset;

    for (int i = 0; i < t->n_dims; i++) {
        if (t->shape[i] == 0)
            return;
        last += (unsigned __int128)(t->shape[i] - 1) * t->stride[i];
    }
    CHECK(last < t->storage.count, "'%s'", st_escaped(t->name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pickle k;

    if (size >= 2 && memcmp(data, "PK", 2) == 0) {
        read_file(data, size);
    } else if (size <= PICKLE_MOST && pickle_read(&k, "fuzz", data, size) == 0) {
        for (int i = 0; i < k.n; i++)
            check_view(&k.t[i]);
        pickle_free(&k);
    }
    return 0;
}
