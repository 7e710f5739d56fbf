/* fuzz_packs.c - a file of packed weights whose first bytes, the head and its entries, are
 * anything. The first byte says whether the head's checksum is mended, without which no entry is
 * reached, the second which of the entries' are. packs_get gives nothing, or a weight of the shape
 * and the number of bytes that were asked for, every byte of which can be read. Skipped without
 * oneDNN, which has no such files. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/os/file.h"
#include "core/weights/packs.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* As in packs.c: the head has its checksum in its last 8 bytes, an entry has 40 bytes. */
enum { MEND = 1, TOP = 104, N_AT = 80, SUM_AT = 96, ENTRY = 40, PAGE = 4096, MOST = 32 };

static struct base_model base;
static struct packed_image fresh[MOST];
static int n_places;
static struct fuzz_bytes whole;
static char *path;

static void read_whole(const char *dir)
{
    struct dirent **entry;
    struct file f;
    int n = scandir(dir, &entry, NULL, NULL);

    for (int i = 0; i < n; i++) {
        if (entry[i]->d_name[0] != '.')
            path = path_join(dir, entry[i]->d_name);
        free(entry[i]);
    }
    free(entry);
    CHECK(path && file_map(&f, path) == 0, "no file in '%s'", dir);
    uint8_t *copy = xalloc(f.size, 1);
    memcpy(copy, f.data, f.size);
    whole = (struct fuzz_bytes){ copy, f.size };
    file_unmap(&f);
}

static void setup(void)
{
    char *dir = path_join(fuzz_dir(), "packs");

    CHECK(make_dirs(dir) == 0 && base_model_load(&base, "tests/golden/bert") == 0, "%s",
          fail_text());
    base.pack_dir = dir;
    base.pack_least = 1;
    CHECK(base_model_pack(&base, NULL, PRECISION_F32) == 0, "%s", fail_text());
    n_places = base.dims.n_layers * N_GROUP;
    CHECK(n_places <= MOST, "%d", n_places);
    for (int i = 0; i < n_places; i++)
        CHECK(packed_export(&fresh[i], base.packed[2 * i + 1]), "%d", i);
    read_whole(dir);
}

static void mend(uint8_t *data, size_t size, int which)
{
    uint64_t n, sum = 0;

    memcpy(&n, data + N_AT, sizeof n);
    if (n > (size - TOP) / ENTRY)
        return;
    for (uint64_t i = 0; i < n && i < 8; i++) {
        uint64_t at, bytes;
        uint8_t *e = data + TOP + i * ENTRY;
        memcpy(&at, e + 8, sizeof at);
        memcpy(&bytes, e + 16, sizeof bytes);
        if (!(which >> i & 1) || at > size || bytes > size - at)
            continue;
        uint64_t most = size - at, pages = (bytes + PAGE - 1) / PAGE * PAGE;
        uint64_t of_entry = XXH3_64bits(data + at, pages < most ? pages : most);
        memcpy(e + 32, &of_entry, sizeof of_entry);
    }
    memcpy(data + SUM_AT, &sum, sizeof sum);
    sum = XXH3_64bits_withSeed(data + TOP, (size_t)n * ENTRY, XXH3_64bits(data, TOP));
    memcpy(data + SUM_AT, &sum, sizeof sum);
}

static void get(int place)
{
    struct packed_image want = fresh[place], image;
    struct packed *p = packs_get(&base, place, want);
    unsigned sum = 0;

    if (!p)
        return;
    CHECK(packed_export(&image, p), "place %d", place);
    CHECK(image.in == want.in && image.out == want.out, "%d x %d", image.in, image.out);
    for (int d = 0; d < PACKED_DIRECTIONS; d++) {
        CHECK(image.bytes[d] == want.bytes[d] && image.tag[d] == want.tag[d], "%zu bytes",
              image.bytes[d]);
        for (size_t i = 0; i < image.bytes[d]; i++)
            sum += ((const unsigned char *)image.data[d])[i];
    }
    CHECK(sum < (unsigned)-1, "%u", sum);
    packed_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes b = fuzz_begin(data, size);

    if (packed_lack())
        return 0;
    if (!path)
        setup();
    int bits = fuzz_byte(&b), which = fuzz_byte(&b);
    uint8_t *copy = xalloc(whole.size, 1);
    memcpy(copy, whole.data, whole.size);
    memcpy(copy, b.data, b.size < whole.size ? b.size : whole.size);
    memcpy(copy + 16, whole.data + 16, bits & MEND ? 64 : 0); /* the key */
    if (bits & MEND)
        mend(copy, whole.size, which);
    packs_free(&base);
    char *name = xprintf("packs/%s", strrchr(path, '/') + 1);
    fuzz_put(name, (struct fuzz_bytes){ copy, whole.size });
    for (int i = 0; i < n_places; i++)
        get(i);
    free(name);
    free(copy);
    fuzz_end();
    return 0;
}
