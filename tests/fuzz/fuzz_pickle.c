/* fuzz_pickle.c - whatever the bytes are, as a file of torch.save (torch_open) or as the pickle in
 * it (pickle_read), they are refused with status 3, or every tensor can be read in full and lies in
 * its storage. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/format/pickle.h"
#include "core/format/torch.h"

#include <stdlib.h>
#include <string.h>

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

static void read_file(struct fuzz_bytes b)
{
    struct st_file s;

    if (torch_open(&s, fuzz_file(b)) == 0) {
        read_all(&s);
        st_close(&s);
    } else {
        fuzz_refused(FUZZ_INPUT | FUZZ_MEMORY);
    }
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
    struct fuzz_bytes b = fuzz_begin(data, size);
    struct pickle k;

    if (size >= 2 && memcmp(data, "PK", 2) == 0) {
        read_file(b);
    } else if (size <= PICKLE_MOST && pickle_read(&k, "fuzz", data, size) == 0) {
        for (int i = 0; i < k.n; i++)
            check_view(&k.t[i]);
        pickle_free(&k);
    } else {
        fuzz_refused(FUZZ_INPUT);
    }
    fuzz_end();
    return 0;
}
