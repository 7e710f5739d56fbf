/* gguf_value.c - the values of a GGUF file's keys. */
#include "core/format/gguf.h"

#include <stdlib.h>
#include <string.h>

static const char *const type_names[N_GGUF_TYPE] = {
    [GGUF_U8] = "u8",         [GGUF_I8] = "i8",       [GGUF_U16] = "u16", [GGUF_I16] = "i16",
    [GGUF_U32] = "u32",       [GGUF_I32] = "i32",     [GGUF_F32] = "f32", [GGUF_BOOL] = "bool",
    [GGUF_STRING] = "string", [GGUF_ARRAY] = "array", [GGUF_U64] = "u64", [GGUF_I64] = "i64",
    [GGUF_F64] = "f64",
};

const char *gguf_type_name(enum gguf_type t)
{
    return type_names[t];
}

static int compare_key(const void *key, const void *v)
{
    return strcmp(key, ((const struct gguf_value *)v)->key);
}

const struct gguf_value *gguf_find(const struct gguf *g, const char *key)
{
    return g->n ? bsearch(key, g->value, (size_t)g->n, sizeof *g->value, compare_key) : NULL;
}

/* Values may be at any alignment. */
#define LOAD(T)                                                                                    \
    do {                                                                                           \
        T value;                                                                                   \
        memcpy(&value, v->at + i * sizeof value, sizeof value);                                    \
        *x = (double)value;                                                                        \
        return true;                                                                               \
    } while (0)

bool gguf_number(double *x, const struct gguf_value *v, size_t i)
{
    if (!v || v->type == GGUF_STRING || i >= v->count)
        return false;
    switch (v->type == GGUF_ARRAY ? v->item : v->type) {
    case GGUF_BOOL:
    case GGUF_U8: LOAD(uint8_t);
    case GGUF_I8: LOAD(int8_t);
    case GGUF_U16: LOAD(uint16_t);
    case GGUF_I16: LOAD(int16_t);
    case GGUF_U32: LOAD(uint32_t);
    case GGUF_I32: LOAD(int32_t);
    case GGUF_F32: LOAD(float);
    case GGUF_U64: LOAD(uint64_t);
    case GGUF_I64: LOAD(int64_t);
    case GGUF_F64: LOAD(double);
    default: return false;
    }
}

char *gguf_string(const struct gguf_value *v)
{
    if (!v || v->type != GGUF_STRING || memchr(v->at, 0, v->count))
        return NULL;
    char *s = xalloc(v->count + 1, 1);
    memcpy(s, v->at, v->count);
    return s;
}

long gguf_strings(const char ***s, size_t **n, const struct gguf_value *v)
{
    const unsigned char *p;
    size_t left;

    *s = NULL;
    *n = NULL;
    if (!v || v->type != GGUF_ARRAY || v->item != GGUF_STRING)
        return -1;
    *s = xalloc(v->count + 1, sizeof **s);
    *n = xalloc(v->count + 1, sizeof **n);
    p = v->at;
    left = v->bytes;
    for (size_t i = 0; i < v->count; i++) {
        uint64_t length = 0;
        if (left >= sizeof length) {
            memcpy(&length, p, sizeof length);
            p += sizeof length;
            left -= sizeof length;
        }
        /* Another process may have changed the file since it was opened (file_check). */
        (*n)[i] = length < left ? (size_t)length : left;
        (*s)[i] = (const char *)p;
        p += (*n)[i];
        left -= (*n)[i];
    }
    return (long)v->count;
}
