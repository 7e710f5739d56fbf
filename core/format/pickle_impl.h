/* pickle_impl.h - private to the reading of pickles: the values that it handles. */
#ifndef PICKLE_IMPL_H
#define PICKLE_IMPL_H

#include "core/format/pickle.h"

enum pickle_kind {
    PICKLE_NONE,
    PICKLE_BOOL,
    PICKLE_INT,
    PICKLE_FLOAT,
    PICKLE_STRING,
    PICKLE_TUPLE,
    PICKLE_LIST,
    PICKLE_DICT,
    PICKLE_GLOBAL,
    PICKLE_STORAGE,
    PICKLE_TENSOR
};

/* What a name means that a pickle may mention. */
struct pickle_global {
    const char *name;
    enum { CALL_DICT, CALL_TENSOR, CALL_PARAMETER, TYPE_OF_STORAGE } use;
    enum st_dtype dtype; /* of a type of storages */
};

struct pickle_value {
    enum pickle_kind kind;
    size_t n; /* bytes of a string, items of a tuple, a list, or a dict (its keys and its values) */
    union {
        long long i;
        const char *s;           /* in the pickle, not terminated */
        struct pickle_value **v; /* a dict's keys and values alternate */
        const struct pickle_global *global;
        struct pickle_storage *storage;
        struct pickle_tensor *tensor; /* without a name; its storage's key is not owned */
    };
};

/* pickle_find_global - what the N bytes NAME, "module.name", mean. Errors: NULL after FAIL_INPUT,
 * for everything that is not called. */
const struct pickle_global *pickle_find_global(const char *path, const char *name, size_t n);

/* pickle_call - turn V into what GLOBAL returns for the tuple ARGS. pickle_persistent - turn V into
 * the storage that the tuple ID describes. Errors: FAIL_INPUT. */
int pickle_call(struct pickle_value *v, const char *path, const struct pickle_global *global,
                const struct pickle_value *args);
int pickle_persistent(struct pickle_value *v, const char *path, const struct pickle_value *id);

/* pickle_result - the named tensors of the dict V. Errors: FAIL_INPUT. */
int pickle_result(struct pickle *k, const char *path, const struct pickle_value *v);
#endif
