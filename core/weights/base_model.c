/* base_model.c - loading a pretrained checkpoint: find and check its tensors, then map or copy
 * them. */
#include "core/weights/base_model.h"

#include "core/base/text.h"
#include "core/os/file.h"
#include "core/weights/arch_impl.h"
#include "core/weights/base_model_impl.h"
#include "core/weights/gguf_model.h"
#include "core/weights/packs.h"
#include "core/weights/stored.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MAX_NAMED = 5 };

/* Names for one line of an error: the first few, then how many more. */
struct names {
    struct text text;
    int n;
};

static void names_add(struct names *s, const char *name)
{
    if (s->n++ < MAX_NAMED)
        text_join(&s->text, ", ", "'%s'", st_escaped(name));
}

static const char *names_text(struct names *s)
{
    if (s->n > MAX_NAMED)
        text_add(&s->text, " ... and %d more", s->n - MAX_NAMED);
    return text_string(&s->text);
}

/* Checkpoints from before 2019 call a LayerNorm's weight gamma and its bias beta; the files of
 * bert-base-uncased still do. */
static const struct st_tensor *find_old(const struct base_model *b, const char *prefix,
                                        const char *name)
{
    static const char *const old[2][2] = { { "LayerNorm.weight", "LayerNorm.gamma" },
                                           { "LayerNorm.bias", "LayerNorm.beta" } };
    size_t n = strlen(name);

    for (int i = 0; i < 2; i++) {
        size_t k = strlen(old[i][0]);
        if (n < k || strcmp(name + n - k, old[i][0]) != 0)
            continue;
        char *s = xprintf("%s%.*s%s", prefix, (int)(n - k), name, old[i][1]);
        const struct st_tensor *t = weights_find(&b->weights, s);
        free(s);
        return t;
    }
    return NULL;
}

const struct st_tensor *base_model_tensor(const struct base_model *b, const char *name)
{
    const char *prefix[2] = { b->arch->prefix, "" };

    for (int i = 0; i < 2; i++) {
        char *s = xprintf("%s%s", prefix[i], name);
        const struct st_tensor *t = weights_find(&b->weights, s);
        free(s);
        if (!t)
            t = find_old(b, prefix[i], name);
        if (t)
            return t;
    }
    return NULL;
}

static bool in_gguf(const struct base_model *b)
{
    return weights_path_is_gguf(b->weights.path);
}

/* What says which tensors there must be. */
static const char *facts_of(const struct base_model *b)
{
    return in_gguf(b) ? "the file's own keys" : "config.json";
}

/* The name of the tensor that holds P; the caller frees it. */
static char *name_in_file(const struct base_model *b, const struct param *p)
{
    return in_gguf(b) ? gguf_model_tensor(b->arch, p) : stored_name(b->arch, p);
}

/* Does a tensor that nothing reads have a name inside the trunk's modules? The file may have more
 * layers than config.json says. Heads of other tasks and saved position ids do not matter. */
static bool is_trunk_name(const struct base_model *b, const char *name)
{
    size_t n = strlen(name), k = strlen(b->arch->prefix);

    if (in_gguf(b)) /* such files hold nothing else */
        return true;
    for (const char *const *end = b->arch->impl->ignored; *end; end++)
        if (n >= strlen(*end) && strcmp(name + n - strlen(*end), *end) == 0)
            return false;
    if (strncmp(name, b->arch->prefix, k) == 0)
        return true;
    for (int i = 0; i < b->n_params; i++) {
        const char *dot = strchr(b->params[i].name, '.');
        if (dot && strncmp(name, b->params[i].name, (size_t)(dot - b->params[i].name) + 1) == 0)
            return true;
    }
    return false;
}

static int check_shape(const struct base_model *b, const struct param *p, const struct st_tensor *t)
{
    size_t shape[3];
    int n_dims = stored_shape(b->arch, p, shape);
    struct text has = { 0 }, want = { 0 };

    if (t->n_dims == n_dims && memcmp(t->shape, shape, (size_t)n_dims * sizeof *shape) == 0)
        return 0;
    for (int i = 0; i < t->n_dims; i++)
        text_join(&has, ", ", "%zu", t->shape[i]);
    for (int i = 0; i < n_dims; i++)
        text_join(&want, ", ", "%zu", shape[i]);
    fail(FAIL_INPUT, "tensor '%s' of '%s' has the shape [%s]; by %s it must be [%s]",
         st_escaped(t->name), b->weights.path, text_string(&has), facts_of(b), text_string(&want));
    text_free(&has);
    text_free(&want);
    return -1;
}

/* Find every tensor: T[i] becomes that of params[i]. A pooler that is entirely absent is dropped
 * from params. */
static int find_tensors(struct base_model *b, const struct st_tensor **t)
{
    struct names missing = { 0 }, surplus = { 0 };
    bool *used = xalloc((size_t)b->weights.n + 1, sizeof *used);
    int n = 0, pooler = 0, rc = 0;

    for (int i = 0; i < b->n_params; i++) {
        char *stored = name_in_file(b, &b->params[i]);
        t[i] = base_model_tensor(b, stored);
        free(stored);
        pooler += t[i] && param_is_pooler(&b->params[i]);
        if (t[i])
            used[t[i] - b->weights.t] = true;
    }
    for (int i = 0; i < b->weights.n; i++)
        if (!used[i] && is_trunk_name(b, b->weights.t[i].name))
            names_add(&surplus, b->weights.t[i].name);
    for (int i = 0; i < b->n_params; i++) {
        if (!t[i] && param_is_pooler(&b->params[i]) && !pooler) {
            b->dims.no_pooler = true;
            free(b->params[i].name);
            continue;
        }
        if (!t[i]) {
            char *stored = name_in_file(b, &b->params[i]);
            names_add(&missing, stored);
            free(stored);
        }
        t[n] = t[i];
        b->params[n++] = b->params[i];
    }
    b->n_params = n;
    if (missing.n)
        rc = fail(FAIL_INPUT, "'%s' lacks %s", b->weights.path, names_text(&missing));
    else if (surplus.n)
        rc = fail(FAIL_INPUT, "'%s' has tensors that %s does not account for: %s", b->weights.path,
                  facts_of(b), names_text(&surplus));
    for (int i = 0; rc == 0 && i < n; i++)
        rc = check_shape(b, &b->params[i], t[i]);
    text_free(&missing.text);
    text_free(&surplus.text);
    free(used);
    return rc;
}

void base_model_release(const struct base_model *b)
{
    for (int i = 0; i < b->weights.n_parts; i++) {
        const struct file *f = &b->weights.part[i].file;
        if (f->size > 0)
            madvise((void *)(uintptr_t)f->data, f->size, MADV_DONTNEED);
    }
}

/* Reading a page brings in up to 16 pages around it. */
enum { TABLE_ROWS = 256, PAGES_AROUND = 64 << 10, LARGE_TABLE = 64 << 20 };

size_t base_model_table_resident(size_t bytes)
{
    return bytes < LARGE_TABLE ? bytes : (size_t)TABLE_ROWS * PAGES_AROUND;
}

static bool is_mapped(const struct base_model *b, uintptr_t at)
{
    for (int i = 0; i < b->weights.n_parts; i++) {
        const struct file *f = &b->weights.part[i].file;
        if (at >= (uintptr_t)f->data && at < (uintptr_t)f->data + f->size)
            return true;
    }
    return false;
}

/* Does an output layer multiply with this table as it is? */
static bool is_multiplied(const struct base_model *b, const struct param *p)
{
    for (int i = 0; i < N_PRECISION; i++)
        if (b->lm[i].w.x == p->value && !b->lm[i].chunk)
            return true;
    return false;
}

void base_model_rows_read(struct base_model *b, const struct param *p, int n)
{
    const size_t page = 4096, bytes = param_size(p) * sizeof *p->value;
    uintptr_t from = (uintptr_t)p->value;

    if (p->trainable || bytes < LARGE_TABLE || !is_mapped(b, from) || is_multiplied(b, p) ||
        __atomic_add_fetch(&b->rows_read, n, __ATOMIC_RELAXED) < TABLE_ROWS)
        return;
    __atomic_store_n(&b->rows_read, 0, __ATOMIC_RELAXED);
    from = (from + page - 1) / page *
           page; /* rows that other threads read meanwhile come back by themselves */
    madvise((void *)from, bytes - page, MADV_DONTNEED);
}

/* Copy a parameter out of the tensor T that holds it, to p->value. */
static int read_value(const struct base_model *b, const struct param *p, const struct st_tensor *t)
{
    if (stored_as_is(b->arch, p))
        return st_reals(p->value, t, t->count);
    real *all = malloc(t->count * sizeof *all);
    if (!all)
        return fail(FAIL_MEMORY, "no memory for a copy of '%s'", p->name);
    int rc = st_reals(all, t, t->count);
    if (rc == 0)
        stored_get(p->value, b->arch, p, all);
    free(all);
    return rc;
}

/* Leave the matrix P in the tensor T of a GGUF file. Its values are read once, to check them. */
static int leave_in_file(struct base_model *b, struct param *p, const struct st_tensor *t)
{
    real *all = malloc(t->count * sizeof *all);
    int rc = all ? st_reals(all, t, t->count)
                 : fail(FAIL_MEMORY, "no memory for a copy of '%s'", p->name);

    free(all);
    p->tensor = t;
    p->rotary_heads = gguf_model_heads(b->arch, p, &b->dims);
    base_model_release(b);
    return rc;
}

/* Let each parameter point to its values: in the mapped file where they can be used as they are,
 * else in b->own. Vectors are copied too: they are few and lie between the matrices, so that each
 * would keep the two megabytes around it in memory. */
static int read_values(struct base_model *b, const struct st_tensor *const *t)
{
    size_t n_own = 0, at = 0;

    for (int i = 0; i < b->n_params; i++) {
        struct param *p = &b->params[i];
        if (in_gguf(b) && param_is_proj(p)) {
            if (leave_in_file(b, p, t[i]) != 0)
                return -1;
            continue;
        }
#ifndef REAL_IS_DOUBLE
        const real *tensor = p->is_vector ? NULL : st_floats_in_place(t[i]);
        if (tensor)
            stored_view(p, b->arch, tensor);
#endif
        n_own += param_has_values(p) ? 0 : param_size(p);
        base_model_release(b); /* pages that the check for NaN has read */
    }
    b->own = n_own ? malloc(n_own * sizeof *b->own) : NULL;
    if (n_own && !b->own)
        return fail(FAIL_MEMORY, "no memory for %.1f million values of '%s'", 1e-6 * (double)n_own,
                    b->weights.path);
    for (int i = 0; i < b->n_params; i++) {
        if (param_has_values(&b->params[i]))
            continue;
        b->params[i].value = b->own + at;
        if (read_value(b, &b->params[i], t[i]) != 0)
            return -1;
        at += param_size(&b->params[i]);
        base_model_release(b);
    }
    return 0;
}

int base_model_list(struct base_model *b)
{
    b->arch = arch_find(b->dims.arch);
    if (!b->arch)
        return fail(FAIL_USAGE, "this build has no architecture '%s'", b->dims.arch);
    b->n_params = arch_params(b->arch, &b->dims, NULL, 0);
    b->params = xalloc((size_t)b->n_params, sizeof *b->params);
    arch_params(b->arch, &b->dims, b->params, b->n_params);
    b->packed = xalloc(base_model_n_packed(&b->dims), sizeof(struct packed *));
    return 0;
}

int base_model_outline(struct base_model *b, const struct dims *d, bool pooler)
{
    int n = 0;

    *b = (struct base_model){ .dims = *d };
    b->dims.problem = NULL;
    if (base_model_list(b) != 0)
        return -1;
    b->dims.no_pooler = !pooler && arch_has_pooler(b->arch);
    for (int i = 0; i < b->n_params; i++) {
        struct param *p = &b->params[i];
        if (!pooler && param_is_pooler(p))
            free(p->name);
        else
            b->params[n++] = *p;
    }
    b->n_params = n;
    return 0;
}

int base_model_load(struct base_model *b, const char *dir)
{
    char *path = weights_in(dir, WEIGHTS_OF_MODEL);
    const char *unread = weights_unread(dir, WEIGHTS_OF_MODEL);
    const struct st_tensor **t = NULL;
    int rc = -1;

    *b = (struct base_model){ .dir = xstrdup(dir) };
    if (!path || dims_load(&b->dims, dir) != 0 || base_model_list(b) != 0 ||
        weights_key(b->weights_sha256, path, NULL, NULL) != 0 ||
        weights_open(&b->weights, path) != 0)
        goto out;
    if (unread)
        note("%s is read, not %s beside it, as transformers does", path, unread);
    if (in_gguf(b) && file_in(dir, "config.json"))
        note("the keys of %s are read, not config.json beside it", path);
    t = xalloc((size_t)b->n_params, sizeof *t);
    if (find_tensors(b, t) == 0 && read_values(b, t) == 0)
        rc = 0;
    if (rc == 0 && *b->dims.head_class)
        detail("'%s': the head of %s is ignored; only its encoder is used", dir,
               b->dims.head_class);
out:
    free(t);
    free(path);
    if (rc != 0)
        base_model_free(b);
    return rc;
}

const struct st_tensor *base_model_head(const struct base_model *b, enum role role)
{
    const char *name = arch_head_name(b->arch, (int)role);

    return *b->dims.head_class || !name ? NULL : weights_find(&b->weights, name);
}

int base_model_block_param(const struct base_model *b, int layer, int role)
{
    for (int i = 0; i < b->n_params; i++)
        if (b->params[i].layer == layer && (int)b->params[i].role == role)
            return i;
    return -1;
}

void base_model_free(struct base_model *b)
{
    for (size_t i = 0; b->packed && i < base_model_n_packed(&b->dims); i++)
        packed_free(b->packed[i]);
    free(b->packed);
    for (int p = 0; p < N_PRECISION; p++)
        lmhead_free(&b->lm[p]);
    packs_free(b);
    free(b->pack_dir);
    for (int i = 0; i < b->n_params; i++)
        free(b->params[i].name);
    free(b->params);
    free(b->own);
    free(b->dims.problem);
    free(b->dir);
    weights_close(&b->weights);
    *b = (struct base_model){ 0 };
}
