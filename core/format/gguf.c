/* gguf.c - the header of a GGUF file. */
#include "core/format/gguf.h"
#include "core/format/quant.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_KEYS = 100000, MOST_TENSORS = 1000000, LONGEST_KEY = 65535, LONGEST_NAME = 64 };
enum { N_DIMS = 4, DEFAULT_ALIGNMENT = 32 };

/* Of one value; 0: it has no fixed size. */
static const size_t type_bytes[N_GGUF_TYPE] = {
    [GGUF_U8] = 1,  [GGUF_I8] = 1,   [GGUF_U16] = 2, [GGUF_I16] = 2, [GGUF_U32] = 4, [GGUF_I32] = 4,
    [GGUF_F32] = 4, [GGUF_BOOL] = 1, [GGUF_U64] = 8, [GGUF_I64] = 8, [GGUF_F64] = 8,
};

/* The numbers of enum ggml_type; DTYPE ST_BOOL: not read. */
static const struct {
    int id;
    const char *name;
    enum st_dtype dtype;
} tensor_types[] = {
    { 0, "F32", ST_F32 },       { 1, "F16", ST_F16 },      { 2, "Q4_0", ST_Q4_0 },
    { 3, "Q4_1", ST_Q4_1 },     { 6, "Q5_0", ST_Q5_0 },    { 7, "Q5_1", ST_Q5_1 },
    { 8, "Q8_0", ST_Q8_0 },     { 30, "BF16", ST_BF16 },   { 9, "Q8_1", ST_BOOL },
    { 10, "Q2_K", ST_BOOL },    { 11, "Q3_K", ST_BOOL },   { 12, "Q4_K", ST_BOOL },
    { 13, "Q5_K", ST_BOOL },    { 14, "Q6_K", ST_BOOL },   { 15, "Q8_K", ST_BOOL },
    { 16, "IQ2_XXS", ST_BOOL }, { 17, "IQ2_XS", ST_BOOL }, { 18, "IQ3_XXS", ST_BOOL },
    { 19, "IQ1_S", ST_BOOL },   { 20, "IQ4_NL", ST_BOOL }, { 21, "IQ3_S", ST_BOOL },
    { 22, "IQ2_S", ST_BOOL },   { 23, "IQ4_XS", ST_BOOL }, { 24, "I8", ST_BOOL },
    { 25, "I16", ST_BOOL },     { 26, "I32", ST_BOOL },    { 27, "I64", ST_BOOL },
    { 28, "F64", ST_BOOL },     { 29, "IQ1_M", ST_BOOL },  { 34, "TQ1_0", ST_BOOL },
    { 35, "TQ2_0", ST_BOOL },   { 39, "MXFP4", ST_BOOL },
};

/* How far the file was read. Until something fails, WHAT is what is being read. */
struct reader {
    const struct file *f;
    size_t at;
    const char *what;
};

static size_t left_of(const struct reader *r)
{
    return r->f->size - r->at;
}

/* The next N bytes; NULL after fail when there are fewer. */
static const unsigned char *take(struct reader *r, size_t n)
{
    const unsigned char *p = r->f->data + r->at;

    if (n > left_of(r)) {
        fail(FAIL_INPUT, "'%s' ends within %s: %zu bytes are needed at byte %zu of %zu", r->f->path,
             r->what, n, r->at, r->f->size);
        return NULL;
    }
    r->at += n;
    return p;
}

static uint64_t bits_at(const unsigned char *p, size_t bytes)
{
    uint64_t u = 0;

    for (size_t i = bytes; i-- > 0;)
        u = u << 8 | p[i];
    return u;
}

static int take_bits(uint64_t *u, struct reader *r, size_t bytes)
{
    const unsigned char *p = take(r, bytes);

    *u = p ? bits_at(p, bytes) : 0;
    return p ? 0 : -1;
}

/* A length and as many bytes. */
static const unsigned char *take_string(size_t *n, struct reader *r)
{
    uint64_t length;

    if (take_bits(&length, r, 8) != 0)
        return NULL;
    *n = (size_t)length;
    return take(r, *n);
}

/* A name, as a C string that the caller frees. */
static char *take_name(struct reader *r, size_t longest)
{
    size_t n, from = r->at;
    const unsigned char *p = take_string(&n, r);

    if (!p)
        return NULL;
    if (n == 0 || n > longest || memchr(p, 0, n)) {
        fail(FAIL_INPUT,
             "'%s': the name at byte %zu, in %s, has %zu bytes%s; it must have 1 to %zu, none of "
             "them 0",
             r->f->path, from, r->what, n, n > 0 && n <= longest ? " and a 0 among them" : "",
             longest);
        return NULL;
    }
    char *name = xalloc(n + 1, 1);
    memcpy(name, p, n);
    return name;
}

/* --- keys */

static int refuse_key(const struct reader *r, const char *key, const char *why)
{
    return fail(FAIL_INPUT, "key '%s' of '%s' %s", st_escaped(key), r->f->path, why);
}

static int take_type(enum gguf_type *t, struct reader *r, const char *key)
{
    uint64_t u;
    char why[64];

    if (take_bits(&u, r, 4) != 0)
        return -1;
    snprintf(why, sizeof why, "has the unknown type %llu", (unsigned long long)u);
    *t = (enum gguf_type)u;
    return u < N_GGUF_TYPE ? 0 : refuse_key(r, key, why);
}

static int take_array(struct gguf_value *v, struct reader *r)
{
    uint64_t n;
    size_t size, bytes;
    char why[128];

    if (take_type(&v->item, r, v->key) != 0 || take_bits(&n, r, 8) != 0)
        return -1;
    if (v->item == GGUF_ARRAY)
        return refuse_key(r, v->key, "is an array of arrays, which is not read");
    size = v->item == GGUF_STRING ? 8 : type_bytes[v->item]; /* at least */
    v->count = (size_t)n;
    v->at = r->f->data + r->at;
    if (__builtin_mul_overflow(v->count, size, &bytes) || bytes > left_of(r)) {
        snprintf(why, sizeof why, "is an array of %llu entries, for which %zu bytes are not enough",
                 (unsigned long long)n, left_of(r));
        return refuse_key(r, v->key, why);
    }
    if (v->item != GGUF_STRING)
        return take(r, bytes) ? 0 : -1;
    for (size_t i = 0, length; i < v->count; i++)
        if (!take_string(&length, r))
            return -1;
    return 0;
}

static int take_value(struct gguf_value *v, struct reader *r)
{
    if (take_type(&v->type, r, v->key) != 0)
        return -1;
    v->count = 1;
    if (v->type == GGUF_ARRAY) {
        if (take_array(v, r) != 0)
            return -1;
    } else {
        v->at = v->type == GGUF_STRING ? take_string(&v->count, r) : take(r, type_bytes[v->type]);
        if (!v->at)
            return -1;
    }
    v->bytes = (size_t)(r->f->data + r->at - v->at);
    for (size_t i = 0; i < v->count; i++)
        if ((v->type == GGUF_BOOL || (v->type == GGUF_ARRAY && v->item == GGUF_BOOL)) &&
            v->at[i] > 1)
            return refuse_key(r, v->key, "is a boolean that is neither 0 nor 1");
    return 0;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct gguf_value *)a)->key, ((const struct gguf_value *)b)->key);
}

static int take_keys(struct gguf *g, struct reader *r, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        struct gguf_value v = { .key = NULL };
        r->what = "its keys";
        if (!(v.key = take_name(r, LONGEST_KEY)))
            return -1;
        g->value = xgrow(g->value, (size_t)g->n + 1, sizeof *g->value);
        g->value[g->n++] = v;
        if (take_value(&g->value[g->n - 1], r) != 0)
            return -1;
    }
    if (g->n > 0)
        qsort(g->value, (size_t)g->n, sizeof *g->value, by_key);
    for (int i = 1; i < g->n; i++)
        if (strcmp(g->value[i - 1].key, g->value[i].key) == 0)
            return refuse_key(r, g->value[i].key, "is there twice");
    return 0;
}

/* --- tensors */

static int take_dtype(struct st_tensor *t, struct reader *r)
{
    uint64_t id;

    if (take_bits(&id, r, 4) != 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(tensor_types); i++)
        if ((uint64_t)tensor_types[i].id == id) {
            t->dtype = tensor_types[i].dtype;
            return t->dtype != ST_BOOL
                       ? 0
                       : st_refuse(r->f->path, t->name,
                                   "has the type %s; F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0 and "
                                   "Q5_1 are read",
                                   tensor_types[i].name);
        }
    return st_refuse(r->f->path, t->name, "has the unknown type %llu", (unsigned long long)id);
}

static int take_shape(struct st_tensor *t, struct reader *r)
{
    uint64_t n, size;

    if (take_bits(&n, r, 4) != 0)
        return -1;
    if (n < 1 || n > N_DIMS)
        return st_refuse(r->f->path, t->name, "has %llu dimensions; it must have 1 to %d",
                         (unsigned long long)n, N_DIMS);
    t->n_dims = (int)n;
    t->count = 1;
    for (int i = t->n_dims - 1; i >= 0; i--) {
        if (take_bits(&size, r, 8) != 0)
            return -1;
        t->shape[i] = (size_t)size;
        if (size == 0 || __builtin_mul_overflow(t->count, t->shape[i], &t->count))
            return st_refuse(r->f->path, t->name, "has %s values",
                             size == 0 ? "no" : "more than 2^64");
    }
    return 0;
}

/* The bytes of its data; the number of values in a row must be whole blocks. */
static int count_bytes(size_t *bytes, const struct st_tensor *t, const char *path)
{
    size_t block = quant_is(t->dtype) ? QUANT_BLOCK : 1, row = t->shape[t->n_dims - 1];

    if (row % block != 0)
        return st_refuse(path, t->name, "has rows of %zu values; of %s they must be blocks of %zu",
                         row, st_dtype_name(t->dtype), block);
    if (__builtin_mul_overflow(t->count / block, st_dtype_bytes(t->dtype), bytes))
        return st_refuse(path, t->name, "has %zu values, which no file can hold", t->count);
    return 0;
}

/* Names, shapes and types; OFFSET[i] becomes that of tensor i in the data. */
static int take_tensors(struct st_file *s, uint64_t **offset, struct reader *r, uint64_t n)
{
    r->what = "its list of tensors";
    for (uint64_t i = 0; i < n; i++) {
        struct st_tensor t = { .file = &s->file };
        if (!(t.name = take_name(r, LONGEST_NAME)))
            return -1;
        s->t = xgrow(s->t, (size_t)s->n + 1, sizeof *s->t);
        *offset = xgrow(*offset, (size_t)s->n + 1, sizeof **offset);
        struct st_tensor *to = &s->t[s->n];
        s->t[s->n++] = t;
        if (take_shape(to, r) != 0 || take_dtype(to, r) != 0 ||
            take_bits(&(*offset)[s->n - 1], r, 8) != 0)
            return -1;
    }
    return 0;
}

/* In the order of their data. */
static int by_data(const void *a, const void *b, void *arg)
{
    const struct st_tensor *t = arg, *x = &t[*(const int *)a], *y = &t[*(const int *)b];

    return (x->data > y->data) - (x->data < y->data);
}

static int check_overlaps(const struct st_file *s)
{
    int *order = st_order(s->t, s->n), rc = 0;

    if (s->n > 0)
        qsort_r(order, (size_t)s->n, sizeof *order, by_data, s->t);
    for (int i = 1; i < s->n && rc == 0; i++) {
        const struct st_tensor *a = &s->t[order[i - 1]], *b = &s->t[order[i]];
        size_t bytes = 0;
        rc = count_bytes(&bytes, a, s->file.path);
        if (rc == 0 && (size_t)(b->data - a->data) < bytes)
            rc = st_refuse(s->file.path, b->name, "overlaps with '%s' in the file",
                           st_escaped(a->name));
    }
    free(order);
    return rc;
}

static int place_tensors(struct st_file *s, const uint64_t *offset, const struct reader *r,
                         size_t alignment)
{
    const char *path = s->file.path;
    size_t start, bytes;

    if (s->n == 0)
        return 0;
    if (__builtin_add_overflow(r->at, (alignment - r->at % alignment) % alignment, &start) ||
        start > r->f->size)
        return fail(FAIL_INPUT, "'%s' ends at byte %zu, before the data of its %d tensors", path,
                    r->f->size, s->n);
    for (int i = 0; i < s->n; i++) {
        struct st_tensor *t = &s->t[i];
        if (count_bytes(&bytes, t, path) != 0)
            return -1;
        if (offset[i] % alignment != 0)
            return st_refuse(path, t->name, "is at %llu, which is not a multiple of %zu",
                             (unsigned long long)offset[i], alignment);
        if (offset[i] > r->f->size - start || bytes > r->f->size - start - offset[i])
            return st_refuse(path, t->name,
                             "has %zu bytes at %llu of the data, which has only %zu bytes", bytes,
                             (unsigned long long)offset[i], r->f->size - start);
        t->data = r->f->data + start + offset[i];
    }
    return check_overlaps(s);
}

/* --- the whole */

static int read_alignment(size_t *alignment, const struct gguf *g, const char *path)
{
    const struct gguf_value *v = gguf_find(g, "general.alignment");
    uint64_t a = DEFAULT_ALIGNMENT;

    if (v && v->type != GGUF_U32)
        return fail(FAIL_INPUT, "key 'general.alignment' of '%s' is of type %s; it must be u32",
                    path, gguf_type_name(v->type));
    if (v)
        a = bits_at(v->at, v->bytes);
    if (a == 0 || (a & (a - 1)) != 0)
        return fail(FAIL_INPUT,
                    "key 'general.alignment' of '%s' is %llu; it must be a power of two", path,
                    (unsigned long long)a);
    *alignment = (size_t)a;
    return 0;
}

static int check_version(uint64_t version, const char *path)
{
    if (version == 2 || version == 3)
        return 0;
    if (version != 0 && (version & 0xffff) == 0)
        return fail(FAIL_INPUT, "'%s' is a big-endian GGUF file; only little-endian ones are read",
                    path);
    return fail(FAIL_INPUT, "'%s' is a GGUF file of version %llu; versions 2 and 3 are read", path,
                (unsigned long long)version);
}

static int read_all(struct st_file *s, struct gguf *g, uint64_t **offset)
{
    struct reader r = { &s->file, 4, "its header" };
    const char *path = s->file.path;
    uint64_t version, n_tensors, n_keys;
    size_t alignment = 0;

    if (take_bits(&version, &r, 4) != 0 || check_version(version, path) != 0 ||
        take_bits(&n_tensors, &r, 8) != 0 || take_bits(&n_keys, &r, 8) != 0)
        return -1;
    if (n_tensors > MOST_TENSORS || n_keys > MOST_KEYS)
        return fail(FAIL_INPUT,
                    "'%s' says that it has %llu tensors and %llu keys; at most %d and %d are read",
                    path, (unsigned long long)n_tensors, (unsigned long long)n_keys, MOST_TENSORS,
                    MOST_KEYS);
    if (take_keys(g, &r, n_keys) != 0 || read_alignment(&alignment, g, path) != 0 ||
        take_tensors(s, offset, &r, n_tensors) != 0 ||
        place_tensors(s, *offset, &r, alignment) != 0)
        return -1;
    return st_index(s);
}

static int begins_right(void *arg)
{
    const struct file *f = arg;

    return f->size >= 4 && memcmp(f->data, "GGUF", 4) == 0;
}

bool gguf_is(const struct file *f)
{
    return file_guard(f, begins_right, (void *)(uintptr_t)f) > 0;
}

int gguf_open(struct st_file *s, struct gguf *g, const char *path)
{
    struct gguf own = { 0 };
    uint64_t *offset = NULL;
    int rc = -1;

    *s = (struct st_file){ 0 };
    if (g)
        *g = own;
    if (file_map(&s->file, path) != 0)
        return -1;
    if (st_check_pointer(&s->file, "a GGUF file") != 0)
        rc = -1;
    else if (!gguf_is(&s->file))
        rc = fail(FAIL_INPUT, "'%s' is not a GGUF file: it does not begin with \"GGUF\"", path);
    else
        rc = read_all(s, &own, &offset);
    free(offset);
    if (rc == 0 && g)
        *g = own;
    else
        gguf_free(&own);
    if (rc != 0)
        st_close(s);
    return rc;
}

void gguf_free(struct gguf *g)
{
    for (int i = 0; i < g->n; i++)
        free(g->value[i].key);
    free(g->value);
    *g = (struct gguf){ 0 };
}
