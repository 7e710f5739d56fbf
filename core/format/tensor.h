/* tensor.h - tensors as they are stored in a mapped file, whatever its format, and reading their
 * values with conversion. */
#ifndef TENSOR_H
#define TENSOR_H

#include "core/base/base.h"
#include "core/os/file.h"
#include "core/math/mat.h"

enum st_dtype {
    ST_BOOL,
    ST_U8,
    ST_I8,
    ST_I16,
    ST_I32,
    ST_I64,
    ST_F16,
    ST_BF16,
    ST_F32,
    ST_F64,
    ST_Q4_0, /* from here on blocks, which only GGUF files have (quant.h) */
    ST_Q4_1,
    ST_Q5_0,
    ST_Q5_1,
    ST_Q8_0
};
enum { ST_MAX_DIMS = 8 };
struct st_tensor {
    char *name;
    enum st_dtype dtype;
    int n_dims;
    size_t shape[ST_MAX_DIMS];
    size_t count;              /* number of values, the product of the shape; 1 for a scalar */
    const unsigned char *data; /* of the first value, in the map, at any alignment */
    const struct file *file;   /* the map that it is in */
    bool is_strided; /* the values are not in row-major order: STRIDE says where they are */
    size_t stride[ST_MAX_DIMS]; /* values from one index to the next; only if is_strided */
};

/* The tensors of one file. Tensors point to FILE, so an open struct must not be moved. */
struct st_file {
    struct file file;
    struct st_tensor *t;
    int n;
    int *by_name; /* private: indices into t, in the order of the names */
};

/* st_index - make the tensors of S, which has all of them, known to st_find. Errors: FAIL_INPUT
 * when two have the same name. st_find - the tensor NAME, or NULL. st_close - release everything;
 * does nothing for a zeroed struct. */
int st_index(struct st_file *s);
const struct st_tensor *st_find(const struct st_file *s, const char *name);
void st_close(struct st_file *s);

/* st_order - the indices of the N tensors T in the order of their names, which the caller frees.
 * st_search - of N tensors with that ORDER the one with NAME, or NULL. */
int *st_order(const struct st_tensor *t, int n);
const struct st_tensor *st_search(const struct st_tensor *t, const int *order, int n,
                                  const char *name);

/* st_reals, st_doubles - copy the values of a tensor of floats (F16, BF16, F32, F64, or blocks) in
 * row-major order to DST. st_longs - of a tensor of integers. COUNT must be the number of
 * values. Errors: FAIL_INPUT for another count or dtype, and, in st_reals only, for NaN and
 * infinite values. */
int st_reals(real *dst, const struct st_tensor *t, size_t count);
int st_doubles(double *dst, const struct st_tensor *t, size_t count);
int st_longs(long *dst, const struct st_tensor *t, size_t count);

/* st_row - copy the values of row I of a matrix of floats to DST, without a check. st_row_bytes -
 * where the blocks of row I of a matrix of blocks are. */
void st_row(real *dst, const struct st_tensor *t, size_t i);
const unsigned char *st_row_bytes(const struct st_tensor *t, size_t i);

/* st_floats_in_place - the data of an F32 tensor in the map, if they are aligned, in row-major
 * order, and finite, else NULL. Only the build in single precision uses it. */
const float *st_floats_in_place(const struct st_tensor *t);

/* st_dtype_name - "F32", ... st_dtype_bytes - of one value, or of one block. st_escaped -
 * NAME for a message: control characters, quotes and backslashes as \xNN, at most 80 characters. It
 * is valid until the thread's fourth call after this one. st_refuse - fail(FAIL_INPUT, "tensor
 * 'NAME' of 'PATH' ..."). */
const char *st_dtype_name(enum st_dtype d);
size_t st_dtype_bytes(enum st_dtype d);
const char *st_escaped(const char *name);
int st_refuse(const char *path, const char *tensor, const char *fmt, ...) PRINTF(3, 4);

/* st_check_pointer - refuse a git-LFS pointer in the place of WANTED, "a safetensors file". Errors:
 * FAIL_INPUT. */
int st_check_pointer(const struct file *f, const char *wanted);
#endif
