/* pickle.h - the tensors that a pickle of PyTorch's describes, without executing it.
 *
 * A pickle is a program that builds Python objects and may call any function. torch.save writes a
 * state dict with few of its opcodes (protocols 2 to 5) and calls only collections.OrderedDict,
 * torch._utils._rebuild_tensor_v2, and torch._utils._rebuild_parameter, with types of storages as
 * arguments (torch.FloatStorage, ...). Only those are understood. Everything else is refused by its
 * name, and nothing is ever called. */
#ifndef PICKLE_H
#define PICKLE_H

#include "core/format/tensor.h"

/* A tensor is a view of a storage, which is an array of values that is kept elsewhere. */
struct pickle_storage {
    enum st_dtype dtype;
    char *key; /* its name */
    size_t count;
};
struct pickle_tensor {
    char *name;
    struct pickle_storage storage;
    size_t offset; /* of the first value; all values of the view are inside the storage */
    int n_dims;
    size_t shape[ST_MAX_DIMS], stride[ST_MAX_DIMS], count;
};
struct pickle {
    struct pickle_tensor *t; /* in the order of the pickle */
    int n;
};

enum { PICKLE_MOST = 16 << 20 };

/* pickle_read - what the SIZE bytes at P, at most PICKLE_MOST, describe: a dict of names to
 * tensors. PATH is the file in messages. Every count and offset is checked. pickle_free releases
 * the result; does nothing for a zeroed struct. Errors: FAIL_INPUT. */
int pickle_read(struct pickle *k, const char *path, const unsigned char *p, size_t size);
void pickle_free(struct pickle *k);
#endif
