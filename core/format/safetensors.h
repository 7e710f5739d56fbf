/* safetensors.h - reading safetensors files, in which every offset is checked before it is used,
 * and writing them. */
#ifndef SAFETENSORS_H
#define SAFETENSORS_H

#include "core/format/tensor.h"

/* st_open - map PATH and check everything: the length of the header, its JSON (duplicate keys are
 * errors), every dtype, every product of dimensions for overflow, and that the offsets cover the
 * data exactly once, without gaps and overlaps, whatever the order in the header. The tensors are
 * in the order of their data; st_close releases them. Errors: FAIL_INPUT with the file and the
 * tensor. */
int st_open(struct st_file *s, const char *path);

/* st_write - write N tensors, as F64 if F64, else as F32, with the metadata {"format": "pt"}, as a
 * whole or not at all. Errors: FAIL_STORE. */
struct st_out {
    const char *name;
    const real *data;
    int n_dims;
    size_t shape[ST_MAX_DIMS];
};
int st_write(const char *path, const struct st_out *t, int n, bool f64);
#endif
