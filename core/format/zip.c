/* zip.c - the directory of a ZIP file (APPNOTE.TXT 6.3.10 of PKWARE, sections 4.3 and 4.5.3).
 *
 * Everything is read from the central directory; of a local header only the lengths that say where
 * the data begin. The parser works on copies, which no other process can change. */
#include "core/format/zip.h"
#include "core/format/tensor.h"

#include <stdlib.h>
#include <string.h>

enum {
    LOCAL = 0x04034b50,
    CENTRAL = 0x02014b50,
    END = 0x06054b50,
    END64 = 0x06064b50,
    LOCATOR64 = 0x07064b50,
    LOCAL_SIZE = 30,
    CENTRAL_SIZE = 46,
    END_SIZE = 22,
    END64_SIZE = 56,
    LOCATOR64_SIZE = 20,
    COMMENT_MOST = 65535,
    DIRECTORY_MOST = 256 << 20
};

static uint64_t get(const unsigned char *p, int n_bytes)
{
    uint64_t u = 0;

    for (int i = n_bytes - 1; i >= 0; i--)
        u = u << 8 | p[i];
    return u;
}

struct range_copy {
    const struct file *f;
    unsigned char *to;
    size_t at, size;
};

static int copy_range(void *arg)
{
    const struct range_copy *c = arg;

    memcpy(c->to, c->f->data + c->at, c->size);
    return 0;
}

/* SIZE bytes at AT, which are inside the file. */
static int read_range(unsigned char *to, const struct file *f, size_t at, size_t size)
{
    return file_guard(f, copy_range, &(struct range_copy){ f, to, at, size });
}

static int refuse(const struct file *f, const char *why)
{
    return fail(FAIL_INPUT, "'%s' is a damaged ZIP file: %s", f->path, why);
}

bool zip_is(const struct file *f)
{
    unsigned char start[4];

    return f->size >= sizeof start && read_range(start, f, 0, sizeof start) == 0 &&
           get(start, 4) == LOCAL;
}

struct directory {
    uint64_t n, size, at;
};

/* Fields that are too large for the end record are in another one, which stands before it. */
static int read_end64(struct directory *d, const struct file *f, size_t end)
{
    unsigned char p[END64_SIZE];

    if (end < LOCATOR64_SIZE || read_range(p, f, end - LOCATOR64_SIZE, LOCATOR64_SIZE) != 0 ||
        get(p, 4) != LOCATOR64)
        return refuse(f, "the record of its 64-bit sizes is missing");
    uint64_t at = get(p + 8, 8);
    if (at > end - LOCATOR64_SIZE || end - LOCATOR64_SIZE - at < END64_SIZE)
        return refuse(f, "the record of its 64-bit sizes is outside the file");
    if (read_range(p, f, (size_t)at, END64_SIZE) != 0)
        return -1;
    if (get(p, 4) != END64)
        return refuse(f, "the record of its 64-bit sizes is missing");
    if (get(p + 16, 4) != 0 || get(p + 20, 4) != 0 || get(p + 24, 8) != get(p + 32, 8))
        return refuse(f, "it is one part of several");
    *d = (struct directory){ get(p + 32, 8), get(p + 40, 8), get(p + 48, 8) };
    return 0;
}

/* The end record is the last one; only a comment whose length it states may follow. */
static int find_end(struct directory *d, const struct file *f)
{
    size_t size = f->size < END_SIZE + COMMENT_MOST ? f->size : END_SIZE + COMMENT_MOST;
    unsigned char *p = xalloc(size + 1, 1), *e = NULL;
    int rc = read_range(p, f, f->size - size, size);

    for (size_t i = size < END_SIZE ? 0 : size - END_SIZE + 1; rc == 0 && !e && i-- > 0;)
        if (get(p + i, 4) == END && get(p + i + 20, 2) == size - END_SIZE - i)
            e = p + i;
    if (rc == 0 && !e)
        rc = refuse(f, "its directory is missing; was it downloaded completely?");
    if (rc == 0) {
        size_t end = f->size - size + (size_t)(e - p);
        *d = (struct directory){ get(e + 10, 2), get(e + 12, 4), get(e + 16, 4) };
        if (d->n == 0xffff || d->size == 0xffffffff || d->at == 0xffffffff)
            rc = read_end64(d, f, end);
        else if (get(e + 4, 2) != 0 || get(e + 6, 2) != 0 || get(e + 8, 2) != d->n)
            rc = refuse(f, "it is one part of several");
        if (rc == 0 && (d->at > end || d->size > end - d->at))
            rc = refuse(f, "its directory is outside the file");
        else if (rc == 0 && (d->size > DIRECTORY_MOST || d->n > d->size / CENTRAL_SIZE))
            rc = refuse(f, "its directory has an impossible size");
    }
    free(p);
    return rc;
}

/* Sizes and offsets of 32 bits that are all ones stand in an extra field instead, in this order. */
static int read_sizes(struct zip_entry *e, const unsigned char *p, size_t n_name, size_t n_extra)
{
    uint64_t v[3] = { get(p + 24, 4), get(p + 20, 4), get(p + 42, 4) };
    const unsigned char *x = p + CENTRAL_SIZE + n_name, *end = x + n_extra;
    bool found = false;

    while (!found && end - x >= 4) {
        size_t n = get(x + 2, 2);
        if (n > (size_t)(end - x) - 4)
            return -1;
        found = get(x, 2) == 1;
        x += 4;
        for (int i = 0; found && i < 3; i++) {
            if (v[i] != 0xffffffff)
                continue;
            if (n < 8)
                return -1;
            v[i] = get(x, 8);
            x += 8;
            n -= 8;
        }
        x += n;
    }
    for (int i = 0; i < 3 && !found; i++)
        if (v[i] == 0xffffffff)
            return -1;
    e->size = (size_t)v[0];
    e->header = (size_t)v[2];
    return e->method == 0 && v[0] != v[1] ? -1 : 0;
}

/* The entry at P, of which there are SIZE bytes; *USED becomes its length. */
static int read_entry(struct zip_entry *e, size_t *used, const unsigned char *p, size_t size)
{
    if (size < CENTRAL_SIZE || get(p, 4) != CENTRAL)
        return -1;
    size_t n_name = get(p + 28, 2), n_extra = get(p + 30, 2);
    *used = CENTRAL_SIZE + n_name + n_extra + get(p + 32, 2);
    if (*used > size || n_name == 0 || memchr(p + CENTRAL_SIZE, 0, n_name) || get(p + 34, 2) != 0)
        return -1;
    e->is_encrypted = get(p + 8, 2) & 1;
    e->method = (unsigned)get(p + 10, 2);
    e->name = xprintf("%.*s", (int)n_name, (const char *)p + CENTRAL_SIZE);
    return read_sizes(e, p, n_name, n_extra);
}

static int by_name(const void *a, const void *b)
{
    const struct zip_entry *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static int read_directory(struct zip *z, const unsigned char *p, const struct directory *d)
{
    size_t at = 0, used = 0;

    for (z->n = 0; (uint64_t)z->n < d->n; at += used)
        if (read_entry(&z->e[z->n++], &used, p + at, (size_t)d->size - at) != 0)
            return refuse(z->file, "an entry of its directory makes no sense");
    if (at != d->size)
        return refuse(z->file, "its directory has more bytes than its entries");
    qsort(z->e, (size_t)z->n, sizeof *z->e, by_name);
    for (int i = 1; i < z->n; i++)
        if (strcmp(z->e[i - 1].name, z->e[i].name) == 0)
            return refuse(z->file, "two of its entries have one name");
    return 0;
}

int zip_open(struct zip *z, const struct file *f)
{
    struct directory d = { 0 };

    *z = (struct zip){ .file = f };
    if (find_end(&d, f) != 0)
        return -1;
    unsigned char *p = xalloc((size_t)d.size + 1, 1);
    z->e = xalloc((size_t)d.n + 1, sizeof *z->e);
    int rc = read_range(p, f, (size_t)d.at, (size_t)d.size);
    if (rc == 0)
        rc = read_directory(z, p, &d);
    free(p);
    if (rc != 0)
        zip_close(z);
    return rc;
}

void zip_close(struct zip *z)
{
    for (int i = 0; i < z->n; i++)
        free(z->e[i].name);
    free(z->e);
    *z = (struct zip){ 0 };
}

const struct zip_entry *zip_find(const struct zip *z, const char *name)
{
    struct zip_entry key = { .name = (char *)(uintptr_t)name };

    return z->n == 0 ? NULL : bsearch(&key, z->e, (size_t)z->n, sizeof *z->e, by_name);
}

int zip_data(size_t *at, const struct zip *z, const struct zip_entry *e)
{
    const struct file *f = z->file;
    unsigned char p[LOCAL_SIZE];

    if (e->is_encrypted || e->method != 0)
        return fail(FAIL_INPUT, "'%s': its entry '%s' is %s; only stored entries are read", f->path,
                    st_escaped(e->name), e->is_encrypted ? "encrypted" : "compressed");
    if (e->header > f->size || f->size - e->header < LOCAL_SIZE)
        return refuse(f, "an entry begins outside the file");
    if (read_range(p, f, e->header, LOCAL_SIZE) != 0)
        return -1;
    size_t used = LOCAL_SIZE + get(p + 26, 2) + get(p + 28, 2), left = f->size - e->header;
    if (get(p, 4) != LOCAL)
        return refuse(f, "an entry does not begin where its directory says");
    if (used > left || e->size > left - used)
        return refuse(f, "an entry ends outside the file");
    *at = e->header + used;
    return 0;
}

int zip_read(unsigned char *to, const struct zip *z, const struct zip_entry *e)
{
    size_t at;

    return zip_data(&at, z, e) == 0 ? read_range(to, z->file, at, e->size) : -1;
}
