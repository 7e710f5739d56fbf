/* safetensors.h - read (mapped, every offset checked before use) and write safetensors files.
 * Layer 2. */
#ifndef SAFETENSORS_H
#define SAFETENSORS_H

#include "core/base/base.h"
#include "core/base/file.h"
#include "core/math/mat.h"

enum st_dtype { ST_BOOL, ST_U8, ST_I8, ST_I16, ST_I32, ST_I64, ST_F16, ST_BF16, ST_F32, ST_F64 };
enum { ST_MAX_DIMS = 8 };
struct st_tensor {
    char *name;
    enum st_dtype dtype;
    int n_dims;
    size_t shape[ST_MAX_DIMS];
    size_t count;              /* product of shape; 1 for a scalar */
    const unsigned char *data; /* any alignment */
};
struct safetensors {
    struct file file;
    struct st_tensor *t; /* in file order of data */
    int n;
    int *by_name; /* private: indices into t in order of names */
};

/* st_open - map PATH and check all of it: header length and JSON (duplicate keys refused), every
 * dtype, every product without overflow, offsets that cover the data exactly once, in any order in
 * the header, without hole or overlap. Errors: FAIL_INPUT naming the file and, where there is one,
 * the tensor (escaped). */
int st_open(struct safetensors *s, const char *path);
void st_close(struct safetensors *s);
const struct st_tensor *st_find(const struct safetensors *s, const char *name); /* NULL: absent */

/* Copy out with conversion (F16, BF16, F32, F64 -> real or double; integer types -> long). COUNT
 * must equal t->count. Errors: FAIL_INPUT for another count, an unsuited dtype, or, st_reals only,
 * nan or inf. */
int st_reals(real *dst, const struct safetensors *s, const struct st_tensor *t, size_t count);
int st_doubles(double *dst, const struct safetensors *s, const struct st_tensor *t, size_t count);
int st_longs(long *dst, const struct safetensors *s, const struct st_tensor *t, size_t count);

/* st_floats_in_place - the data of an aligned, finite F32 tensor in the map, or NULL. Float build
 * only uses it. */
const float *st_floats_in_place(const struct st_tensor *t);

/* st_write - write N tensors of reals (as F32; as F64 when F64) with metadata {"format": "pt"},
 * atomically. Errors: FAIL_STORE. */
struct st_out {
    const char *name;
    const real *data;
    int n_dims;
    size_t shape[ST_MAX_DIMS];
};
int st_write(const char *path, const struct st_out *t, int n, bool f64);

/* st_escaped - NAME made printable (control bytes, quotes and backslash as \xNN), cut at 80; static
 * ring of 4. */
const char *st_escaped(const char *name);
#endif
