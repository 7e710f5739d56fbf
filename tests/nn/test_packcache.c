/* test_packcache.c - cached packed weights have the same bytes as fresh ones, and never come from a
 * file that is damaged or belongs to other weights. */
#include "core/os/file.h"
#include "core/weights/packs.h"
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"
#include "tests/kit/tiny.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct base_model base;
static const char *dir;
static char cache[128], path[400];
static struct packed_image fresh[3 * N_GROUP];
static struct base_model plain; /* packed without a cache */

static void open_base(struct base_model *b, bool cached)
{
    ck_assert_msg(base_model_load(b, dir) == 0, "%s", fail_text());
    b->pack_dir = cached ? xstrdup(cache) : NULL;
    b->pack_least = 1;
}

/* How many files the cache has; the path of the last one goes to PATH. */
static int files(void)
{
    return temp_count(cache, path);
}

static struct packed *both(struct base_model *b, int i)
{
    return b->packed[2 * i + 1];
}

/* Where the file of the cache is mapped, from /proc/self/maps. */
static void mapping(uintptr_t *from, uintptr_t *to)
{
    FILE *f = fopen("/proc/self/maps", "re");
    char line[1024];
    unsigned long lo, hi;

    *from = *to = 0;
    while (f && fgets(line, sizeof line, f))
        if (strstr(line, cache) && sscanf(line, "%lx-%lx", &lo, &hi) == 2) {
            *from = lo;
            *to = hi;
        }
    if (f)
        fclose(f);
}

/* Pack everything. Does it have the bytes of PLAIN? *N_CACHED is how many come from the file. */
static bool same(int *n_cached)
{
    uintptr_t from, to;
    bool ok = true;

    *n_cached = 0;
    open_base(&base, true);
    ok &= base_model_pack(&base, NULL, PRECISION_F32) == 0;
    mapping(&from, &to);
    for (int i = 0; i < 3 * N_GROUP && ok; i++) {
        struct packed_image p;
        ok &= packed_export(&p, both(&base, i));
        for (int d = 0; d < PACKED_DIRECTIONS && ok; d++) {
            ok &= p.bytes[d] == fresh[i].bytes[d] && p.tag[d] == fresh[i].tag[d] &&
                  memcmp(p.data[d], fresh[i].data[d], p.bytes[d]) == 0;
            *n_cached += (uintptr_t)p.data[d] >= from && (uintptr_t)p.data[d] < to;
        }
    }
    base_model_free(&base);
    return ok;
}

static int used(void)
{
    int n;

    ck_assert(same(&n));
    return n;
}

enum { ALL = 3 * N_GROUP * PACKED_DIRECTIONS };

static void setup(void)
{
    dir = tiny_write();
    verbosity = -1; /* damage is reported */
    snprintf(cache, sizeof cache, "%s/cache/packs", dir);
    open_base(&plain, false);
    ck_assert_int_eq(base_model_pack(&plain, NULL, PRECISION_F32), 0);
    for (int i = 0; i < 3 * N_GROUP; i++)
        packed_export(&fresh[i], both(&plain, i));
}

static void teardown(void)
{
    char *cmd = xprintf("rm -rf '%s/cache'", dir);

    base_model_free(&plain);
    ck_assert_int_eq(system(cmd), 0);
    free(cmd);
    tiny_remove();
}

/* Only weights that oneDNN has packed are cached. */
static bool usable(void)
{
    return packed_lack() == NULL;
}

/* Packed by model_init, as in "lowrank run". */
static void gradient(real **grad, bool cached)
{
    struct tiny_batch t;
    struct model m;
    struct workspace ws;
    const struct adapt *a = adapt_find("lora");
    struct head h = tiny_head(POOL_CLS, false, 0);
    void *cfg = tiny_cfg(a, NULL, NULL);

    open_base(&base, cached);
    ck_assert_msg(model_init(&m, &base, &h, a, cfg, 4, false) == 0, "%s", fail_text());
    tiny_batch(&t, &base.dims);
    ck_assert_int_eq(workspace_init(&ws, &m, true), 0);
    tiny_grad(&m, &ws, &t.b);
    *grad = xalloc(m.n_train + 1, sizeof **grad);
    memcpy(*grad, ws.grad, m.n_train * sizeof **grad);
    (*grad)[m.n_train] = (real)m.n_train;
    workspace_free(&ws);
    model_free(&m);
    base_model_free(&base);
    tiny_cfg_free(a, cfg);
}

START_TEST(the_same_bits_with_and_without)
{
    real *want, *got;
    size_t n = 0;

    gradient(&want, false);
    for (int i = 0; i < 2; i++) { /* written, then read */
        gradient(&got, true);
        while (n == 0 || want[n] != (real)n)
            n++;
        ck_assert_mem_eq(want, got, (n + 1) * sizeof *want);
        free(got);
    }
    free(want);
    ck_assert_int_eq(files(), usable());
    ck_assert_int_ge(usable() ? used() : ALL, ALL - 2); /* the lowest q, k, v only forward */
}
END_TEST

static void write_cached(const void *data, size_t size)
{
    ck_assert_int_eq(file_write(path, data, size, FAIL_STORE), 0);
}

/* The file has its original contents again. */
static void ck_whole(const struct file *whole)
{
    struct file now;

    ck_assert_int_eq(file_map(&now, path), 0);
    ck_assert(now.size == whole->size && memcmp(now.data, whole->data, now.size) == 0);
    file_unmap(&now);
}

START_TEST(damaged_files_are_made_again)
{
    struct file whole;

    if (!usable())
        return;
    ck_assert_int_eq(used(), 0);
    ck_assert_int_eq(used(), ALL);
    ck_assert_int_eq(files(), 1);
    ck_assert_int_eq(file_map(&whole, path), 0);
    unsigned char *bad = xalloc(whole.size + 1, 1);
    size_t last = whole.size - 1;
    for (size_t at = 0; at <= last; at = at < 128                         ? at + 4
                                         : at == last || at + 9973 < last ? at + 9973
                                                                          : last) {
        memcpy(bad, whole.data, whole.size);
        bad[at] ^= 0x10;
        write_cached(bad, whole.size);
        int n = used(); /* the other entries are sound */
        ck_assert_msg(n < ALL || (at > 128 && at < 4096), "%zu", at); /* padding there */
        if (n < ALL)
            ck_whole(&whole);
    }
    memcpy(bad, whole.data, whole.size);
    const size_t sizes[] = { 0, 1, 90, 4096, whole.size / 2, whole.size - 1, whole.size + 1 };
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        write_cached(bad, sizes[i]);
        ck_assert_int_eq(used(), 0);
        ck_whole(&whole);
    }
    free(bad);
    file_unmap(&whole);
}
END_TEST

/* The packed weights of another model are not used, whatever the name of their file. */
START_TEST(other_weights_have_their_own)
{
    char other[420];

    if (!usable())
        return;
    open_base(&base, true);
    memset(base.weights_sha256 + 40, '0', 10);
    ck_assert_int_eq(base_model_pack(&base, NULL, PRECISION_F32), 0);
    base_model_free(&base);
    ck_assert_int_eq(files(), 1);
    snprintf(other, sizeof other, "%s/cache/other", dir);
    ck_assert_int_eq(rename(path, other), 0);
    ck_assert_int_eq(used(), 0);
    ck_assert_int_eq(files(), 1);
    ck_assert_int_eq(rename(other, path), 0);
    ck_assert_int_eq(used(), 0);
    ck_assert_int_eq(used(), ALL);
}
END_TEST

START_TEST(grows_and_loses_nothing)
{
    unsigned char need[3 * N_GROUP] = { 0 };

    if (!usable())
        return;
    need[2] = PACK_FORWARD;
    need[5] = PACK_BOTH;
    open_base(&base, true);
    ck_assert_int_eq(base_model_pack(&base, need, PRECISION_F32), 0);
    base_model_free(&base);
    need[2] = need[5] = PACK_NONE; /* uses none of the file's entries, and keeps them */
    need[7] = PACK_FORWARD;
    open_base(&base, true);
    ck_assert_int_eq(base_model_pack(&base, need, PRECISION_F32), 0);
    base_model_free(&base);
    ck_assert_int_eq(used(), 2); /* one has both directions, the others only one */
    ck_assert_int_eq(used(), ALL);
    ck_assert_int_eq(files(), 1);
    open_base(&base, true);
    base.pack_least = 0; /* such a small model is not cached */
    ck_assert_int_eq(base_model_pack(&base, need, PRECISION_F32), 0);
    uintptr_t from, to;
    const struct packed_image none = { .in = 60, .out = 60 };
    ck_assert_ptr_null(packs_get(&base, 7, none));
    base_model_free(&base);
    mapping(&from, &to);
    ck_assert_uint_eq(from, 0); /* nothing stays mapped */
}
END_TEST

/* The output layer of a decoder: in f32 the table itself, in bf16 packed, and in no file. */
START_TEST(heads_of_decoders)
{
    ck_assert_msg(base_model_load(&base, "tests/golden/gpt2") == 0, "%s", fail_text());
    base.pack_dir = xstrdup(cache);
    base.pack_least = 1;
    for (int p = 0; p < N_PRECISION; p++)
        ck_assert_int_eq(base_model_pack(&base, NULL, (enum precision)p), 0);
    ck_assert_ptr_null(base.lm[PRECISION_F32].chunk);
    ck_assert_ptr_nonnull(base.lm[PRECISION_F32].w.x);
    ck_assert_ptr_nonnull(base.lm[PRECISION_BF16].chunk[0]);
    base_model_free(&base);
}
END_TEST

START_TEST(works_where_nothing_can_be_kept)
{
    struct rlimit small = { 5000, RLIM_INFINITY };

    if (!usable())
        return;
    snprintf(path, sizeof path, "%s/cache", dir);
    ck_assert_int_eq(file_write(path, "a file", 6, FAIL_STORE), 0);
    ck_assert_int_eq(used(), 0);
    snprintf(path, sizeof path, "%s/cache", dir);
    ck_assert_int_eq(unlink(path), 0);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    ck_assert_int_eq(used(), 0);
    ck_assert_int_eq(files(), 0);
    small.rlim_cur = RLIM_INFINITY;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    ck_assert_int_eq(used(), 0);
    ck_assert_int_eq(files(), 1);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(used(), 0);
    ck_assert_int_eq(rmdir(path), 0);
    ck_assert_int_eq(chmod(cache, 0), 0);
    used();
    ck_assert_int_eq(chmod(cache, 0700), 0);
}
END_TEST

START_TEST(many_may_write_at_once)
{
    int bad = 0, status, n;

    if (!usable())
        return;
    for (int i = 0; i < 4; i++)
        if (fork() == 0) {
            int rc = 0;
            for (int k = 0; k < 6 && rc == 0; k++) {
                rc = !same(&n);
                if (i == 0 && files() > 0)
                    unlink(path);
            }
            _exit(rc);
        }
    while (wait(&status) > 0)
        bad += status != 0;
    ck_assert_int_eq(bad, 0);
    used();
    ck_assert_int_eq(used(), ALL);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_same_bits_with_and_without);
    tcase_add_test(tc, damaged_files_are_made_again);
    tcase_add_test(tc, other_weights_have_their_own);
    tcase_add_test(tc, grows_and_loses_nothing);
    tcase_add_test(tc, heads_of_decoders);
    tcase_add_test(tc, works_where_nothing_can_be_kept);
    tcase_add_test(tc, many_may_write_at_once);
}

const struct suite suite_packcache = { "packcache", fill };
