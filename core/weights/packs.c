/* packs.c - files of packed weights, found by content.
 *
 * A file is one struct top, n of struct entry, and the packed bytes of each entry, padded to whole
 * pages. The top has a checksum of itself and the entries; each entry has one of its pages. A
 * reader verifies only the entries that it uses, and uses them where they are mapped, so that
 * processes share the memory. A file is only ever replaced by renaming another one, never truncated
 * or written into, so that processes which have it mapped keep its contents. What a file holds
 * follows from the key in its top alone; a file with another key is written again. */
#include "core/weights/packs.h"

#include "core/os/cpu.h"
#include "core/os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* VERSION increases when this format changes, or what packed_new does with a weight. */
enum { VERSION = 2, ORDER = 0x01020304, PAGE = 4096 };
/* A model with fewer bytes of packed weights than LEAST_BYTES is packed as fast as a file is read.
 * When the files together exceed MOST_BYTES, the oldest are deleted. A file takes at most a quarter
 * of the free space. */
#define LEAST_BYTES ((size_t)256 << 20)
#define MOST_BYTES ((size_t)8 << 30)
enum { FREE_PART = 4 };

struct top {
    char magic[8];
    uint32_t version, order;
    char key[64];
    uint64_t n, size, sum; /* entries; bytes of the file; checksum, taken with sum = 0 */
};
struct entry {
    int32_t place, direction;
    uint64_t at, bytes, tag, sum;
};

struct packs {
    bool tried, is_new, is_damaged;
    char key[65];
    char *path; /* NULL: this model has no file */
    struct file file;
};

static size_t pages(size_t bytes)
{
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

/* The groups of the blocks. */
static int n_places(const struct base_model *b)
{
    return b->dims.n_layers * N_GROUP;
}

/* Is a file faster than packing again? Not for bf16: packing takes half the time, and a step reads
 * the weights so fast that the small pages of a mapped file slow it down, which they do not with
 * f32. */
static bool is_large(const struct base_model *b, enum precision p)
{
    size_t n = 0, least = b->pack_least ? b->pack_least : LEAST_BYTES;

    if (p != PRECISION_F32)
        return false;
    for (int i = 0; i < b->n_params; i++) {
        const struct param *q = &b->params[i];
        if (param_is_proj(q))
            n += param_size(q);
    }
    return n * PACKED_DIRECTIONS * sizeof(float) >= least;
}

/* The first part of the name tells people which weights the file is for; the program uses the
 * key. */
static void name_file(struct packs *k, const struct base_model *b, enum precision p)
{
    char *text = xprintf("packs %d of lowrank %s\n%s %d\n%s\n%s\n", VERSION, LOWRANK_VERSION,
                         b->weights_sha256, (int)p, packed_library(), cpu_info()->features);

    sha256_hex(k->key, text, strlen(text));
    free(text);
    k->path = xprintf("%s/%.16s-%s-%.16s", b->pack_dir, b->weights_sha256,
                      p == PRECISION_BF16 ? "bf16" : "f32", k->key);
}

/* --- reading */

static struct top top_of(const struct file *f)
{
    struct top t;

    memcpy(&t, f->data, sizeof t);
    return t;
}

static const struct entry *entries(const struct file *f)
{
    return (const struct entry *)(f->data + sizeof(struct top));
}

static uint64_t top_sum(struct top t, const struct entry *e)
{
    t.sum = 0;
    return XXH3_64bits_withSeed(e, (size_t)t.n * sizeof *e, XXH3_64bits(&t, sizeof t));
}

static int check_top(void *arg)
{
    const struct packs *k = arg;
    size_t size = k->file.size;

    if (size < sizeof(struct top))
        return -1;
    struct top t = top_of(&k->file);
    if (memcmp(t.magic, "LOWRANKP", 8) != 0 || t.version != VERSION || t.order != ORDER ||
        memcmp(t.key, k->key, sizeof t.key) != 0 || t.size != size ||
        t.n > (size - sizeof t) / sizeof(struct entry) || t.sum != top_sum(t, entries(&k->file)))
        return -1;
    for (uint64_t i = 0; i < t.n; i++) {
        const struct entry *e = entries(&k->file) + i;
        if (e->at % PAGE != 0 || e->at > size || e->bytes > size || pages(e->bytes) > size - e->at)
            return -1;
    }
    return 0;
}

static void report_damage(struct packs *k)
{
    if (!k->is_damaged)
        note("'%s' is damaged or from another version; the weights are packed again", k->path);
    k->is_damaged = true;
}

/* The file of B in this precision; NULL: this model is not cached. */
static struct packs *packs_open(struct base_model *b, enum precision p)
{
    if (!b->packs)
        b->packs = xalloc(N_PRECISION, sizeof *b->packs);
    struct packs *k = &b->packs[p];
    if (k->tried)
        return k->path ? k : NULL;
    k->tried = true;
    if (!b->pack_dir || packed_lack() || !is_large(b, p))
        return NULL;
    name_file(k, b, p);
    if (!file_exists(k->path))
        return k;
    if (file_map(&k->file, k->path) != 0) {
        detail("the cached packed weights are not used: %s", fail_text());
    } else if (file_guard(&k->file, check_top, k) != 0) {
        report_damage(k);
        file_unmap(&k->file);
    } else {
        utimensat(AT_FDCWD, k->path, NULL, 0); /* used now, so it is not the oldest */
    }
    return k;
}

static const struct entry *find_entry(const struct packs *k, int place, int direction)
{
    uint64_t n = k->file.size ? top_of(&k->file).n : 0;

    for (const struct entry *e = n ? entries(&k->file) : NULL; n > 0; e++, n--)
        if (e->place == place && e->direction == direction)
            return e;
    return NULL;
}

struct checking {
    const struct packs *k;
    const struct entry *e;
};

static int check_entry(void *arg)
{
    const struct checking *c = arg;

    return XXH3_64bits(c->k->file.data + c->e->at, pages(c->e->bytes)) == c->e->sum ? 0 : -1;
}

struct packed *packs_get(struct base_model *b, int place, struct packed_image want)
{
    struct packs *k = packs_open(b, want.precision);

    for (int d = 0; k && d <= want.backward; d++) {
        struct checking c = { k, find_entry(k, place, d) };
        if (!c.e)
            return NULL;
        if (file_guard(&k->file, check_entry, &c) != 0) {
            report_damage(k);
            return NULL;
        }
        want.data[d] = k->file.data + c.e->at;
        want.bytes[d] = c.e->bytes;
        want.tag[d] = c.e->tag;
    }
    return k ? packed_import(&want) : NULL;
}

/* --- writing */

struct writing {
    struct top top;
    struct entry *entry;
    struct file_part *part; /* top, entries, padding; then packed bytes and padding of each entry */
    int n_parts;
    size_t at;
};
enum { TOP_PARTS = 3 };

static const char zeros[PAGE];

static void add_entry(struct writing *w, struct entry e, const void *data)
{
    size_t whole = pages(e.bytes);

    e.at = w->at;
    w->entry[w->top.n++] = e;
    w->part[w->n_parts++] = (struct file_part){ data, e.bytes };
    w->part[w->n_parts++] = (struct file_part){ zeros, whole - e.bytes };
    w->at += whole;
}

/* Bytes of the old file keep their checksum, so that damage to them is still found. */
static void add_cached(struct writing *w, const struct packs *k, int place, int direction)
{
    const struct entry *e = k->is_damaged ? NULL : find_entry(k, place, direction);

    if (e)
        add_entry(w, *e, k->file.data + e->at);
}

static void add_packed(struct writing *w, const struct packed_image *p, int place, int d)
{
    struct entry e = { .place = place, .direction = d, .bytes = p->bytes[d], .tag = p->tag[d] };
    XXH3_state_t s;

    XXH3_64bits_reset(&s);
    XXH3_64bits_update(&s, p->data[d], e.bytes);
    XXH3_64bits_update(&s, zeros, pages(e.bytes) - e.bytes);
    e.sum = XXH3_64bits_digest(&s);
    add_entry(w, e, p->data[d]);
}

/* The packed weight of a place, preferably the one for both directions; false: nothing is packed
 * there. */
static bool packed_at(struct packed_image *to, const struct base_model *b, enum precision p,
                      int place)
{
    struct packed **of = &b->packed[2 * ((int)p * n_places(b) + place)];
    const struct packed *one = of[1] ? of[1] : of[0];

    return one && packed_export(to, one);
}

/* Entries are sorted by direction, so that a process that only computes forward reads one range of
 * the file. */
static void collect(struct writing *w, const struct base_model *b, enum precision p)
{
    const struct packs *k = &b->packs[p];
    size_t n = PACKED_DIRECTIONS * (size_t)n_places(b);
    struct packed_image image;

    w->entry = xalloc(n, sizeof *w->entry);
    w->part = xalloc(TOP_PARTS + 2 * n, sizeof *w->part);
    w->n_parts = TOP_PARTS;
    for (int d = 0; d < PACKED_DIRECTIONS; d++)
        for (int i = 0; i < n_places(b); i++) {
            bool is_packed = packed_at(&image, b, p, i);
            uintptr_t from = is_packed ? (uintptr_t)image.data[d] : 0;
            bool of_file = from - (uintptr_t)k->file.data < k->file.size && !k->is_damaged;
            if (from && !of_file)
                add_packed(w, &image, i, d);
            else
                add_cached(w, k, i, d);
        }
}

static void finish(struct writing *w, const char *key)
{
    size_t bytes = (size_t)w->top.n * sizeof *w->entry, first = pages(sizeof w->top + bytes);

    for (uint64_t i = 0; i < w->top.n; i++)
        w->entry[i].at += first;
    memcpy(w->top.magic, "LOWRANKP", sizeof w->top.magic);
    memcpy(w->top.key, key, sizeof w->top.key);
    w->top.version = VERSION;
    w->top.order = ORDER;
    w->top.size = first + w->at;
    w->top.sum = top_sum(w->top, w->entry);
    w->part[0] = (struct file_part){ &w->top, sizeof w->top };
    w->part[1] = (struct file_part){ w->entry, bytes };
    w->part[2] = (struct file_part){ zeros, first - sizeof w->top - bytes };
}

/* --- the folder */

static int check_room(const char *dir, size_t bytes)
{
    struct statvfs fs;

    if (statvfs(dir, &fs) != 0)
        return fail(FAIL_STORE, "the free space of '%s' is unknown: %s", dir, strerror(errno));
    if (bytes <= MOST_BYTES && bytes / fs.f_frsize <= fs.f_bavail / FREE_PART)
        return 0;
    return fail(FAIL_STORE, "'%s' has no room for %.1f GB", dir, 1e-9 * (double)bytes);
}

/* Bytes of all files in DIR; the path of the oldest goes to OLDEST. */
static size_t folder_bytes(const char *dir, char *oldest, size_t size)
{
    struct timespec least = { 0 };
    size_t sum = 0;
    struct stat st;
    DIR *d = opendir(dir);

    *oldest = 0;
    for (const struct dirent *e; d && (e = readdir(d));) {
        if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            continue;
        sum += (size_t)st.st_size;
        if (!*oldest || st.st_mtim.tv_sec < least.tv_sec ||
            (st.st_mtim.tv_sec == least.tv_sec && st.st_mtim.tv_nsec < least.tv_nsec)) {
            snprintf(oldest, size, "%s/%s", dir, e->d_name);
            least = st.st_mtim;
        }
    }
    if (d)
        closedir(d);
    return sum;
}

/* Delete the oldest files until at most MOST bytes are left, but not the one just written. */
static void trim_folder(const char *dir, size_t most, const char *newest)
{
    char oldest[4096];

    while (folder_bytes(dir, oldest, sizeof oldest) > most && strcmp(oldest, newest) != 0)
        if (unlink(oldest) != 0)
            break;
}

void packs_save(struct base_model *b, enum precision p)
{
    struct packs *k = b->packs ? &b->packs[p] : NULL;
    struct writing w = { 0 };

    if (!k || !k->path || !k->is_new)
        return;
    k->is_new = false;
    collect(&w, b, p);
    finish(&w, k->key);
    if (w.top.n == 0)
        goto out;
    if (make_dirs(b->pack_dir) != 0 || check_room(b->pack_dir, w.top.size) != 0 ||
        file_write_parts(k->path, w.part, w.n_parts, FAIL_STORE) != 0)
        detail("the packed weights are not cached: %s", fail_text());
    else
        trim_folder(b->pack_dir, MOST_BYTES, k->path);
out:
    free(w.entry);
    free(w.part);
}

void packs_changed(struct base_model *b, enum precision p)
{
    b->packs[p].is_new = true;
}

void packs_free(struct base_model *b)
{
    for (int p = 0; b->packs && p < N_PRECISION; p++) {
        file_unmap(&b->packs[p].file);
        free(b->packs[p].path);
    }
    free(b->packs);
    b->packs = NULL;
}
