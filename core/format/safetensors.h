/* safetensors.h - reading safetensors files, in which every offset is checked before it is used,
 * and writing them. */
#ifndef SAFETENSORS_H
#define SAFETENSORS_H

#include "core/base/base.h"
#include "core/os/file.h"
#include "core/math/mat.h"

enum st_dtype { ST_BOOL, ST_U8, ST_I8, ST_I16, ST_I32, ST_I64, ST_F16, ST_BF16, ST_F32, ST_F64 };
enum { ST_MAX_DIMS = 8 };
struct st_tensor {
    char *name;
    enum st_dtype dtype;
    int n_dims;
    size_t shape[ST_MAX_DIMS];
    size_t count;              /* number of values, the product of the shape; 1 for a scalar */
    const unsigned char *data; /* in the map, at any alignment */
};
struct safetensors {
    struct file file;
    struct st_tensor *t; /* in the order of their data */
    int n;
    int *by_name; /* private: indices into t, in the order of the names */
};

/* st_open - map PATH and check everything: the length of the header, its JSON (duplicate keys are
 * errors), every dtype, every product of dimensions for overflow, and that the offsets cover the
 * data exactly once, without gaps and overlaps, whatever the order in the header. Errors:
 * FAIL_INPUT with the file and the tensor. st_close - release everything; does nothing for a zeroed
 * struct.
 * st_find - the tensor NAME, or NULL. */
int st_open(struct safetensors *s, const char *path);
void st_close(struct safetensors *s);
const struct st_tensor *st_find(const struct safetensors *s, const char *name);

/* st_reals, st_doubles - copy the values of a tensor of floats (F16, BF16, F32, F64) to DST.
 * st_longs - of a tensor of integers. COUNT must be the number of values. Errors: FAIL_INPUT for
 * another count or dtype, and, in st_reals only, for NaN and infinite values. */
int st_reals(real *dst, const struct safetensors *s, const struct st_tensor *t, size_t count);
int st_doubles(double *dst, const struct safetensors *s, const struct st_tensor *t, size_t count);
int st_longs(long *dst, const struct safetensors *s, const struct st_tensor *t, size_t count);

/* st_floats_in_place - the data of an F32 tensor in the map, if they are aligned and finite, else
 * NULL. Only the build in single precision uses it. */
const float *st_floats_in_place(const struct st_tensor *t);

/* st_write - write N tensors, as F64 if F64, else as F32, with the metadata {"format": "pt"}, as a
 * whole or not at all. Errors: FAIL_STORE. */
struct st_out {
    const char *name;
    const real *data;
    int n_dims;
    size_t shape[ST_MAX_DIMS];
};
int st_write(const char *path, const struct st_out *t, int n, bool f64);

/* st_dtype_name - "F32", ... st_escaped - NAME for a message: control characters, quotes and
 * backslashes as \xNN, at most 80 characters. It is valid until the thread's fourth call after
 * this one. */
const char *st_dtype_name(enum st_dtype d);
const char *st_escaped(const char *name);
#endif
