/* pickle_tensor.c - what the names, calls, and results in a pickle of PyTorch's mean. */
#include "core/format/pickle_impl.h"

#include <stdlib.h>
#include <string.h>

static const struct pickle_global globals[] = {
    { "collections.OrderedDict", CALL_DICT, 0 },
    { "torch._utils._rebuild_tensor_v2", CALL_TENSOR, 0 },
    { "torch._utils._rebuild_parameter", CALL_PARAMETER, 0 },
    { "torch.FloatStorage", TYPE_OF_STORAGE, ST_F32 },
    { "torch.DoubleStorage", TYPE_OF_STORAGE, ST_F64 },
    { "torch.HalfStorage", TYPE_OF_STORAGE, ST_F16 },
    { "torch.BFloat16Storage", TYPE_OF_STORAGE, ST_BF16 },
    { "torch.LongStorage", TYPE_OF_STORAGE, ST_I64 },
    { "torch.IntStorage", TYPE_OF_STORAGE, ST_I32 },
    { "torch.ShortStorage", TYPE_OF_STORAGE, ST_I16 },
    { "torch.CharStorage", TYPE_OF_STORAGE, ST_I8 },
    { "torch.ByteStorage", TYPE_OF_STORAGE, ST_U8 },
    { "torch.BoolStorage", TYPE_OF_STORAGE, ST_BOOL },
};

static const char only_tensors[] =
    "a file of weights has only tensors, as torch.save(model.state_dict(), FILE) writes it";

const struct pickle_global *pickle_find_global(const char *path, const char *name, size_t n)
{
    static const char storage[] = "Storage";
    size_t k = strlen(storage);

    for (size_t i = 0; i < ARRAY_LEN(globals); i++)
        if (strlen(globals[i].name) == n && memcmp(globals[i].name, name, n) == 0)
            return &globals[i];
    char *text = xprintf("%.*s", (int)n, name);
    if (strncmp(text, "torch.", 6) == 0 && n > k && strcmp(text + n - k, storage) == 0)
        fail(FAIL_INPUT, "'%s' has a tensor of the type '%s', which is not supported", path,
             st_escaped(text));
    else
        fail(FAIL_INPUT, "'%s': the pickle calls '%s', which is never executed; %s", path,
             st_escaped(text), only_tensors);
    free(text);
    return NULL;
}

static int refuse(const char *path, const char *what)
{
    return fail(FAIL_INPUT, "'%s': the pickle describes %s", path, what);
}

/* A copy of the string V, or NULL if it cannot be one of C's. */
static char *string_copy(const struct pickle_value *v)
{
    if (v->kind != PICKLE_STRING || memchr(v->s, 0, v->n))
        return NULL;
    char *s = xalloc(v->n + 1, 1);
    memcpy(s, v->s, v->n);
    return s;
}

/* ('storage', TYPE, KEY, LOCATION, COUNT) */
int pickle_persistent(struct pickle_value *v, const char *path, const struct pickle_value *id)
{
    static const char storage[] = "storage";
    struct pickle_value *const *a = id->v;

    if (id->kind != PICKLE_TUPLE || id->n != 5 || a[0]->kind != PICKLE_STRING ||
        a[0]->n != strlen(storage) || memcmp(a[0]->s, storage, a[0]->n) != 0 ||
        a[1]->kind != PICKLE_GLOBAL || a[1]->global->use != TYPE_OF_STORAGE ||
        a[4]->kind != PICKLE_INT || a[4]->i < 0)
        return refuse(path, "a storage in another way than torch.save");
    char *key = string_copy(a[2]);
    if (!key)
        return refuse(path, "a storage without a name");
    v->kind = PICKLE_STORAGE;
    v->storage = xalloc(1, sizeof *v->storage);
    *v->storage = (struct pickle_storage){ a[1]->global->dtype, key, (size_t)a[4]->i };
    return 0;
}

/* Are SIZES and STRIDES tuples of as many whole numbers, none negative? */
static bool read_view(struct pickle_tensor *t, const struct pickle_value *sizes,
                      const struct pickle_value *strides)
{
    if (sizes->kind != PICKLE_TUPLE || strides->kind != PICKLE_TUPLE || sizes->n != strides->n ||
        sizes->n > ST_MAX_DIMS)
        return false;
    t->n_dims = (int)sizes->n;
    for (size_t i = 0; i < sizes->n; i++) {
        const struct pickle_value *size = sizes->v[i], *stride = strides->v[i];
        if (size->kind != PICKLE_INT || size->i < 0 || stride->kind != PICKLE_INT || stride->i < 0)
            return false;
        t->shape[i] = (size_t)size->i;
        t->stride[i] = (size_t)stride->i;
    }
    return true;
}

/* Is every value of the view inside its storage? The last one is at
 * offset + sum over i of (shape[i] - 1) stride[i]. */
static bool view_fits(struct pickle_tensor *t)
{
    size_t last = t->offset, step;

    t->count = 1;
    for (int i = 0; i < t->n_dims; i++)
        if (__builtin_mul_overflow(t->count, t->shape[i], &t->count))
            return false;
    if (t->count == 0)
        return t->offset <= t->storage.count;
    for (int i = 0; i < t->n_dims; i++)
        if (__builtin_mul_overflow(t->shape[i] - 1, t->stride[i], &step) ||
            __builtin_add_overflow(last, step, &last))
            return false;
    return last < t->storage.count;
}

/* _rebuild_tensor_v2(STORAGE, OFFSET, SIZES, STRIDES, requires_grad, backward_hooks[, metadata]) */
static int call_tensor(struct pickle_value *v, const char *path, const struct pickle_value *args)
{
    struct pickle_value *const *a = args->v;
    struct pickle_tensor t = { 0 };

    if (args->n < 6 || args->n > 7 || a[0]->kind != PICKLE_STORAGE || a[1]->kind != PICKLE_INT ||
        a[1]->i < 0 || !read_view(&t, a[2], a[3]))
        return refuse(path, "a tensor in another way than torch.save");
    t.storage = *a[0]->storage;
    t.offset = (size_t)a[1]->i;
    if (!view_fits(&t))
        return refuse(path, "a tensor that is larger than its storage");
    v->kind = PICKLE_TENSOR;
    v->tensor = xalloc(1, sizeof *v->tensor);
    *v->tensor = t;
    return 0;
}

/* _rebuild_parameter(TENSOR, requires_grad, backward_hooks) */
static int call_parameter(struct pickle_value *v, const char *path, const struct pickle_value *args)
{
    if (args->n != 3 || args->v[0]->kind != PICKLE_TENSOR)
        return refuse(path, "a parameter in another way than torch.save");
    v->kind = PICKLE_TENSOR;
    v->tensor = xalloc(1, sizeof *v->tensor);
    *v->tensor = *args->v[0]->tensor;
    return 0;
}

int pickle_call(struct pickle_value *v, const char *path, const struct pickle_global *global,
                const struct pickle_value *args)
{
    switch (global->use) {
    case CALL_TENSOR: return call_tensor(v, path, args);
    case CALL_PARAMETER: return call_parameter(v, path, args);
    case CALL_DICT:
        if (args->n != 0)
            return refuse(path, "an OrderedDict in another way than torch.save");
        v->kind = PICKLE_DICT;
        return 0;
    default: return refuse(path, "a call of a type");
    }
}

static const char *kind_name(enum pickle_kind kind)
{
    switch (kind) {
    case PICKLE_INT:
    case PICKLE_FLOAT: return "a number";
    case PICKLE_STRING: return "a string";
    case PICKLE_TUPLE:
    case PICKLE_LIST: return "a list";
    case PICKLE_DICT: return "a dict";
    case PICKLE_NONE: return "None";
    case PICKLE_BOOL: return "a truth value";
    default: return "another object";
    }
}

int pickle_result(struct pickle *k, const char *path, const struct pickle_value *v)
{
    if (v->kind != PICKLE_DICT)
        return fail(FAIL_INPUT, "'%s' holds %s, not a dict of tensors; %s", path,
                    v->kind == PICKLE_TENSOR ? "one tensor" : kind_name(v->kind), only_tensors);
    k->t = xalloc(v->n / 2 + 1, sizeof *k->t);
    for (size_t i = 0; i < v->n; i += 2) {
        const struct pickle_value *value = v->v[i + 1];
        char *name = string_copy(v->v[i]);
        if (!name)
            return fail(FAIL_INPUT, "'%s' has an entry whose name is not a string", path);
        if (value->kind != PICKLE_TENSOR) {
            fail(FAIL_INPUT, "'%s' has %s under the name '%s', not a tensor; %s", path,
                 kind_name(value->kind), st_escaped(name), only_tensors);
            free(name);
            return -1;
        }
        struct pickle_tensor *t = &k->t[k->n++];
        *t = *value->tensor;
        t->name = name;
        t->storage.key = xstrdup(t->storage.key);
    }
    return 0;
}

void pickle_free(struct pickle *k)
{
    for (int i = 0; i < k->n; i++) {
        free(k->t[i].name);
        free(k->t[i].storage.key);
    }
    free(k->t);
    *k = (struct pickle){ 0 };
}
