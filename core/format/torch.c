/* torch.c - files of torch.save. A ZIP file holds ROOT/data.pkl, a pickle that describes the
 * tensors, ROOT/data/KEY, the values of each storage, and ROOT/byteorder. */
#include "core/format/torch.h"
#include "core/format/pickle.h"
#include "core/format/zip.h"

#include <stdlib.h>
#include <string.h>

static const char pickle_entry[] = "/data.pkl";

/* How files begin that are not ZIP files. */
enum { START = 265, TAR_AT = 257 };
struct start {
    const struct file *f;
    unsigned char bytes[START];
};

static int copy_start(void *arg)
{
    struct start *s = arg;

    memcpy(s->bytes, s->f->data, s->f->size < START ? s->f->size : START);
    return 0;
}

/* The first object of a file from before 1.6 is the number 0x1950a86a20f9469cfc6c. */
static bool is_legacy(const struct start *s)
{
    static const unsigned char number[] = { 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46,
                                            0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19 };

    return s->bytes[0] == 0x80 && memcmp(s->bytes + 2, number, sizeof number) == 0;
}

static bool is_tar(const struct start *s)
{
    return memcmp(s->bytes + TAR_AT, "ustar", 5) == 0;
}

bool torch_is(const struct file *f)
{
    struct start s = { .f = f };

    return zip_is(f) || (file_guard(f, copy_start, &s) == 0 && (is_legacy(&s) || is_tar(&s)));
}

static int refuse_start(const struct file *f)
{
    struct start s = { .f = f };

    if (st_check_pointer(f, "a file of torch.save") != 0 || file_guard(f, copy_start, &s) != 0)
        return -1;
    if (is_legacy(&s) || is_tar(&s))
        return fail(FAIL_INPUT,
                    "'%s' is in the format that torch.save had before PyTorch 1.6, which is not "
                    "read; load it with torch.load and save it again with torch.save",
                    f->path);
    return fail(FAIL_INPUT, "'%s' is not a file of torch.save: its %zu bytes are no ZIP file",
                f->path, f->size);
}

/* The name before "/data.pkl"; the caller frees it. NULL after fail. */
static char *find_root(const struct zip *z, const char *path)
{
    size_t k = strlen(pickle_entry);
    const char *found = NULL;

    for (int i = 0; i < z->n; i++) {
        const char *name = z->e[i].name;
        size_t n = strlen(name);
        if (n <= k || strcmp(name + n - k, pickle_entry) != 0 || memchr(name, '/', n - k))
            continue;
        if (found) {
            fail(FAIL_INPUT, "'%s' holds two state dicts, '%s' and '%s'", path, st_escaped(found),
                 st_escaped(name));
            return NULL;
        }
        found = name;
    }
    if (!found) {
        fail(FAIL_INPUT, "'%s' is a ZIP file without data.pkl, not a file of torch.save", path);
        return NULL;
    }
    char *root = xprintf("%.*s", (int)(strlen(found) - k), found),
         *code = xprintf("%s/constants.pkl", root);
    if (zip_find(z, code)) {
        fail(FAIL_INPUT, "'%s' is a TorchScript program, not a state dict", path);
        free(root);
        root = NULL;
    }
    free(code);
    return root;
}

/* A copy of the entry ROOT/NAME of at most MOST bytes, which the caller frees. NULL after fail. */
static unsigned char *read_entry(size_t *size, const struct zip *z, const char *root,
                                 const char *name, size_t most)
{
    char *full = xprintf("%s/%s", root, name);
    const struct zip_entry *e = zip_find(z, full);
    unsigned char *p = NULL;

    free(full);
    CHECK(e, "'%s'", name);
    if (e->size > most) {
        fail(FAIL_INPUT, "'%s': its entry '%s' has %zu bytes; at most %zu are read", z->file->path,
             name, e->size, most);
        return NULL;
    }
    *size = e->size;
    p = xalloc(e->size + 1, 1);
    if (zip_read(p, z, e) == 0)
        return p;
    free(p);
    return NULL;
}

/* Files from before 2.1 do not say; they come from little-endian machines. */
static int check_byte_order(const struct zip *z, const char *root)
{
    char *name = xprintf("%s/byteorder", root);
    bool there = zip_find(z, name) != NULL;
    unsigned char *order = NULL;
    size_t n = 0;
    int rc = 0;

    free(name);
    if (there && !(order = read_entry(&n, z, root, "byteorder", 16)))
        return -1;
    if (order && strcmp((char *)order, "little") != 0)
        rc = fail(FAIL_INPUT, "'%s' has the byte order '%s'; only 'little' is read", z->file->path,
                  st_escaped((char *)order));
    free(order);
    return rc;
}

static bool is_row_major(const struct pickle_tensor *p)
{
    size_t step = 1;

    for (int i = p->n_dims - 1; i >= 0; i--) {
        if (p->shape[i] > 1 && p->stride[i] != step)
            return false;
        step *= p->shape[i]; /* the product does not overflow: it was checked */
    }
    return true;
}

/* Find the values of the tensor P. */
static int place_tensor(struct st_tensor *t, const struct pickle_tensor *p, const struct zip *z,
                        const char *root)
{
    char *name = xprintf("%s/data/%s", root, p->storage.key);
    const struct zip_entry *e = zip_find(z, name);
    size_t bytes, at = 0, of_one = st_dtype_bytes(p->storage.dtype);
    const char *path = z->file->path;
    int rc = 0;

    if (!e)
        rc = st_refuse(path, p->name, "has its values in the entry '%s', which is missing",
                       st_escaped(name));
    else if (__builtin_mul_overflow(p->storage.count, of_one, &bytes) || bytes != e->size)
        rc = st_refuse(path, p->name,
                       "has a storage of %zu values of %zu bytes, but the entry '%s' has %zu bytes",
                       p->storage.count, of_one, st_escaped(name), e->size);
    else
        rc = zip_data(&at, z, e);
    free(name);
    if (rc != 0)
        return -1;
    t->dtype = p->storage.dtype;
    t->n_dims = p->n_dims;
    t->count = p->count;
    memcpy(t->shape, p->shape, sizeof t->shape);
    memcpy(t->stride, p->stride, sizeof t->stride);
    t->is_strided = p->count > 0 && !is_row_major(p);
    t->file = z->file;
    t->data = z->file->data + at + p->offset * of_one;
    return 0;
}

static int read_tensors(struct st_file *s, const struct zip *z, const char *root)
{
    struct pickle k = { 0 };
    size_t n = 0;
    unsigned char *p = read_entry(&n, z, root, pickle_entry + 1, PICKLE_MOST);
    int rc = p ? pickle_read(&k, s->file.path, p, n) : -1;

    s->t = xalloc((size_t)k.n + 1, sizeof *s->t);
    for (int i = 0; i < k.n && rc == 0; i++) {
        s->t[s->n++].name = xstrdup(k.t[i].name);
        rc = place_tensor(&s->t[i], &k.t[i], z, root);
    }
    pickle_free(&k);
    free(p);
    return rc == 0 ? st_index(s) : -1;
}

int torch_open(struct st_file *s, const char *path)
{
    struct zip z = { 0 };
    char *root = NULL;
    int rc = -1;

    *s = (struct st_file){ 0 };
    if (file_map(&s->file, path) != 0)
        return -1;
    if (!zip_is(&s->file))
        rc = refuse_start(&s->file);
    else if (zip_open(&z, &s->file) == 0 && (root = find_root(&z, path)) != NULL &&
             check_byte_order(&z, root) == 0)
        rc = read_tensors(s, &z, root);
    free(root);
    zip_close(&z);
    if (rc != 0)
        st_close(s);
    return rc;
}
