/* safetensors.c - opening safetensors files.
 *
 * A file consists of the number N in 8 little-endian bytes, N bytes of JSON, and the data. The JSON
 * maps each tensor's name to its dtype, its shape, and its range [begin, end) in the data. */
#include "core/format/safetensors.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_LARGEST = 100 * 1000 * 1000, PREFIX = 8 };

/* Every message about a tensor has its name and that of the file. */
#define REFUSE(s, t, ...) st_refuse((s)->file.path, (t)->name, __VA_ARGS__)

/* A whole number, not negative, and exact even for programs that read numbers as doubles. */
static int read_size(size_t *out, const json_t *j)
{
    if (!json_is_integer(j) || json_integer_value(j) < 0 || json_integer_value(j) > (1LL << 53))
        return -1;
    *out = (size_t)json_integer_value(j);
    return 0;
}

static int read_dtype(struct st_tensor *t, const struct st_file *s, const json_t *j)
{
    if (!json_is_string(j))
        return REFUSE(s, t, "has no dtype");
    for (int d = ST_BOOL; d <= ST_F64; d++)
        if (strcmp(json_string_value(j), st_dtype_name((enum st_dtype)d)) == 0) {
            t->dtype = (enum st_dtype)d;
            return 0;
        }
    return REFUSE(s, t, "has the dtype '%s', which is not supported",
                  st_escaped(json_string_value(j)));
}

static int read_shape(struct st_tensor *t, const struct st_file *s, const json_t *j)
{
    if (!json_is_array(j))
        return REFUSE(s, t, "has no shape");
    if (json_array_size(j) > ST_MAX_DIMS)
        return REFUSE(s, t, "has %zu dimensions; at most %d are supported", json_array_size(j),
                      ST_MAX_DIMS);
    t->n_dims = (int)json_array_size(j);
    t->count = 1;
    for (int i = 0; i < t->n_dims; i++) {
        if (read_size(&t->shape[i], json_array_get(j, (size_t)i)) != 0)
            return REFUSE(s, t,
                          "has a shape that does not consist of whole numbers from 0 to 2^53");
        if (__builtin_mul_overflow(t->count, t->shape[i], &t->count))
            return REFUSE(s, t, "has a shape whose product overflows");
    }
    return 0;
}

/* Where the data of a tensor are. In the order of their places, each must begin where the one
 * before it ends. */
struct span {
    size_t begin, end;
    struct st_tensor t;
};

static int read_span(struct span *p, const struct st_file *s, const json_t *j, size_t data_size)
{
    struct st_tensor *t = &p->t;
    size_t bytes;

    if (!json_is_array(j) || json_array_size(j) != 2 ||
        read_size(&p->begin, json_array_get(j, 0)) != 0 ||
        read_size(&p->end, json_array_get(j, 1)) != 0)
        return REFUSE(s, t, "lacks two data_offsets that are whole numbers from 0 to 2^53");
    if (p->begin > p->end)
        return REFUSE(s, t, "has reversed data_offsets %zu, %zu", p->begin, p->end);
    if (p->end > data_size)
        return REFUSE(s, t, "ends at byte %zu of the data, which has %zu", p->end, data_size);
    if (__builtin_mul_overflow(t->count, st_dtype_bytes(t->dtype), &bytes))
        return REFUSE(s, t, "has a shape whose size in bytes overflows");
    if (bytes != p->end - p->begin)
        return REFUSE(s, t,
                      "needs %zu bytes for its shape and dtype %s, but its data_offsets give %zu",
                      bytes, st_dtype_name(t->dtype), p->end - p->begin);
    return 0;
}

static int read_tensor(struct span *p, const struct st_file *s, const char *name, json_t *j,
                       size_t data_size)
{
    static const char *const keys[] = { "dtype", "shape", "data_offsets" };
    const char *key;
    json_t *value;

    p->t.name = xstrdup(name);
    if (!json_is_object(j))
        return REFUSE(s, &p->t, "is not described by a JSON object");
    json_object_foreach(j, key, value)
    {
        size_t k = 0;
        while (k < ARRAY_LEN(keys) && strcmp(key, keys[k]) != 0)
            k++;
        if (k == ARRAY_LEN(keys))
            return REFUSE(s, &p->t, "has the unknown key '%s'", st_escaped(key));
    }
    if (read_dtype(&p->t, s, json_object_get(j, keys[0])) != 0 ||
        read_shape(&p->t, s, json_object_get(j, keys[1])) != 0)
        return -1;
    return read_span(p, s, json_object_get(j, keys[2]), data_size);
}

static int read_metadata(const struct st_file *s, json_t *j)
{
    const char *key;
    json_t *value;

    if (!json_is_object(j))
        return fail(FAIL_INPUT, "header of '%s': __metadata__ is not an object", s->file.path);
    json_object_foreach(j, key, value) if (!json_is_string(value)) return fail(
        FAIL_INPUT, "header of '%s': '%s' in __metadata__ is not a string", s->file.path,
        st_escaped(key));
    return 0;
}

static int by_place(const void *a, const void *b)
{
    const struct span *x = a, *y = b;

    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    return strcmp(x->t.name, y->t.name);
}

static int check_cover(const struct st_file *s, const struct span *p, size_t n, size_t data_size)
{
    size_t end = 0;

    for (size_t i = 0; i < n; i++) {
        if (p[i].begin < end)
            return REFUSE(s, &p[i].t, "overlaps tensor '%s'", st_escaped(p[i - 1].t.name));
        if (p[i].begin > end)
            return REFUSE(s, &p[i].t, "follows a hole of %zu bytes", p[i].begin - end);
        end = p[i].end;
    }
    if (end != data_size)
        return fail(FAIL_INPUT, "'%s' has %zu bytes after its last tensor%s%s%s", s->file.path,
                    data_size - end, n ? " '" : "", n ? st_escaped(p[n - 1].t.name) : "",
                    n ? "'" : "");
    return 0;
}

/* Move the spans into s->t and index them by name. */
static int keep_spans(struct st_file *s, const struct span *p, size_t n, const unsigned char *data)
{
    s->n = (int)n;
    s->t = xalloc(n, sizeof *s->t);
    for (size_t i = 0; i < n; i++) {
        s->t[i] = p[i].t;
        s->t[i].data = data + p[i].begin;
        s->t[i].file = &s->file;
    }
    return st_index(s);
}

static int read_tensors(struct st_file *s, json_t *header, size_t header_size)
{
    size_t n = 0, data_size = s->file.size - PREFIX - header_size;
    struct span *p = xalloc(json_object_size(header), sizeof *p);
    const char *name;
    json_t *j;
    int rc = 0;

    json_object_foreach(header, name, j)
    {
        if (strcmp(name, "__metadata__") == 0)
            rc = read_metadata(s, j);
        else
            rc = read_tensor(&p[n++], s, name, j, data_size);
        if (rc != 0)
            goto out;
    }
    qsort(p, n, sizeof *p, by_place);
    rc = check_cover(s, p, n, data_size);
    if (rc == 0) {
        rc = keep_spans(s, p, n, s->file.data + PREFIX + header_size);
        n = 0; /* the names belong to S */
    }
out:
    for (size_t i = 0; i < n; i++)
        free(p[i].t.name);
    free(p);
    return rc;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Whitespace may surround the object, but nothing else. */
static json_t *parse_header(const char *path, const char *text, size_t size)
{
    json_error_t e;
    size_t from = 0;

    while (from < size && is_space(text[from]))
        from++;
    if (from == size || text[from] != '{') {
        fail(FAIL_INPUT, "header of '%s' does not begin with '{'", path);
        return NULL;
    }
    json_t *j =
        json_loadb(text + from, size - from, JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &e);
    if (!j) {
        fail(FAIL_INPUT, "header of '%s' is not valid JSON: %s", path, st_escaped(e.text));
        return NULL;
    }
    for (from += (size_t)e.position; from < size; from++)
        if (!is_space(text[from])) {
            fail(FAIL_INPUT, "header of '%s' has byte 0x%02x after its end", path,
                 (unsigned char)text[from]);
            json_decref(j);
            return NULL;
        }
    return j;
}

struct header_copy {
    const struct file *f;
    char *text;
    size_t size;
};

/* Only this function reads the map. The parser works on a copy, which nobody can truncate. */
static int copy_header(void *arg)
{
    struct header_copy *h = arg;
    uint64_t size = 0;

    for (int i = PREFIX - 1; i >= 0; i--)
        size = size << 8 | h->f->data[i];
    if (size > HEADER_LARGEST)
        return fail(
            FAIL_INPUT,
            "'%s' is not a safetensors file: its header would have %llu bytes; at most 100 MB are "
            "accepted",
            h->f->path, (unsigned long long)size);
    if (size > h->f->size - PREFIX)
        return fail(FAIL_INPUT,
                    "'%s' is not a safetensors file: its header would have %llu bytes, but the "
                    "file has %zu",
                    h->f->path, (unsigned long long)size, h->f->size);
    h->size = (size_t)size;
    h->text = xalloc(h->size, 1);
    memcpy(h->text, h->f->data + PREFIX, h->size);
    return 0;
}

int st_open(struct st_file *s, const char *path)
{
    struct header_copy h = { .f = &s->file };
    json_t *header = NULL;
    int rc = -1;

    *s = (struct st_file){ 0 };
    if (file_map(&s->file, path) != 0)
        return -1;
    if (s->file.size < PREFIX)
        fail(FAIL_INPUT, "'%s' is not a safetensors file: its header is missing in %zu bytes", path,
             s->file.size);
    else if (st_check_pointer(&s->file, "a safetensors file") == 0 &&
             file_guard(&s->file, copy_header, &h) == 0)
        header = parse_header(path, h.text, h.size);
    if (header)
        rc = read_tensors(s, header, h.size);
    json_decref(header);
    free(h.text);
    if (rc != 0)
        st_close(s);
    return rc;
}
