/* safetensors_write.c - writing safetensors files. */
#include "core/format/safetensors.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static size_t out_count(const struct st_out *t)
{
    size_t count = 1;

    for (int i = 0; i < t->n_dims; i++)
        CHECK(!__builtin_mul_overflow(count, t->shape[i], &count), "shape of '%s'", t->name);
    return count;
}

/* The header, which the caller frees. Errors: NULL for a name that is not UTF-8 or occurs twice. */
static char *header_text(const struct st_out *t, int n, const char *dtype, size_t size_of)
{
    json_t *h = json_pack("{s:{s:s}}", "__metadata__", "format", "pt");
    size_t at = 0;
    char *text = NULL;

    CHECK(h, "no header");
    for (int i = 0; i < n; i++) {
        json_t *shape = json_array();
        size_t end = at + out_count(&t[i]) * size_of;
        for (int k = 0; k < t[i].n_dims; k++)
            json_array_append_new(shape, json_integer((json_int_t)t[i].shape[k]));
        json_t *entry = json_pack("{s:s,s:o,s:[I,I]}", "dtype", dtype, "shape", shape,
                                  "data_offsets", (json_int_t)at, (json_int_t)end);
        bool twice = json_object_get(h, t[i].name) != NULL;
        if (json_object_set_new(h, t[i].name, entry) != 0 || twice) {
            fail(FAIL_STORE, "the name of tensor '%s' occurs twice or is not UTF-8",
                 st_escaped(t[i].name));
            goto out;
        }
        at = end;
    }
    text = json_dumps(h, JSON_COMPACT);
    CHECK(text, "header of %d tensors", n);
out:
    json_decref(h);
    return text;
}

static void write_values(unsigned char *p, const struct st_out *t, size_t count, bool f64)
{
    for (size_t i = 0; i < count; i++) {
        float f = (float)t->data[i];
        double d = (double)t->data[i];
        if (f64)
            memcpy(p + 8 * i, &d, 8);
        else
            memcpy(p + 4 * i, &f, 4);
    }
}

/* Spaces extend the header to a multiple of 8 bytes, so that the data are aligned in a mapped
 * file. */
int st_write(const char *path, const struct st_out *t, int n, bool f64)
{
    size_t size_of = f64 ? 8 : 4, data = 0;
    char *text = header_text(t, n, f64 ? "F64" : "F32", size_of);

    if (!text)
        return fail_context("cannot write '%s'", path);
    size_t used = strlen(text), header = (used + 7) / 8 * 8;
    for (int i = 0; i < n; i++)
        data += out_count(&t[i]) * size_of;
    unsigned char *p = xalloc(8 + header + data, 1), *q = p + 8 + header;
    for (int i = 0; i < 8; i++)
        p[i] = (unsigned char)((uint64_t)header >> 8 * i);
    memset(p + 8, ' ', header);
    memcpy(p + 8, text, used);
    for (int i = 0; i < n; i++) {
        write_values(q, &t[i], out_count(&t[i]), f64);
        q += out_count(&t[i]) * size_of;
    }
    int rc = file_write(path, p, 8 + header + data, FAIL_STORE);
    free(p);
    free(text);
    return rc;
}
