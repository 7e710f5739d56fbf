/* merge.c - a base model with an adapter's update added to its weights. */
#include "experiments/apply/merge.h"
#include "core/format/json.h"
#include "core/format/safetensors.h"
#include "core/os/file.h"
#include "core/text/tok.h"
#include "core/weights/stored.h"
#include "experiments/assets/sentence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int merge_check(const struct adapted *a)
{
    const char *name = adapt_unmerged(a->method);

    if (!name)
        return 0;
    if (strcmp(name, a->method->name) == 0)
        return fail(FAIL_USAGE, "an adapter of the method '%s' cannot be merged into the weights",
                    name);
    return fail(FAIL_USAGE,
                "an adapter of the methods '%s' cannot be merged into the weights because of '%s'",
                a->method->name, name);
}

static real *plain_copy(const struct param *p)
{
    real *x = malloc(param_size(p) * sizeof *x);

    if (x)
        param_read(x, p);
    else
        fail(FAIL_MEMORY, "no memory for a copy of '%s'", p->name);
    return x;
}

/* A copy of a tensor, with SIGN times its update if it is an adapted matrix. NULL after fail, also
 * when the user interrupts. */
static real *updated_copy(const struct adapted *a, const struct param *p, int sign)
{
    real *x = stop_check() == 0 ? plain_copy(p) : NULL;

    if (x && param_is_proj(p) && a->method->merge)
        a->method->merge(&a->model, p->layer, (enum proj)p->role, mat_make(x, p->rows, p->cols),
                         sign);
    return x;
}

/* --- tensors */

/* Add X, which is laid out as P, to the tensor of the checkpoint that holds P, perhaps together
 * with others: GPT-2 has q, k and v in one, and its matrices transposed. X is freed. Returns how
 * many tensors there are now. */
static int add_part(struct st_out *out, char **name, int n, const struct arch *arch,
                    const struct param *p, real *x)
{
    char *own = stored_name(arch, p), *full = xprintf("%s%s", arch_prefix(arch, (int)p->role), own);
    int at = 0;

    while (at < n && strcmp(name[at], full) != 0)
        at++;
    if (at < n) {
        free(full);
    } else {
        struct st_out *t = &out[n++];
        *t = (struct st_out){ .name = full, .shape = { 1, 1, 1 } };
        t->n_dims = stored_shape(arch, p, t->shape);
        t->data = xalloc(t->shape[0] * t->shape[1] * t->shape[2], sizeof(real));
        name[at] = full;
    }
    stored_put((real *)(uintptr_t)out[at].data, arch, p, x);
    free(own);
    free(x);
    return n;
}

/* The base model and the classifier, if there is one, under the names that they have in a model of
 * transformers with a head; its models without one find them, too. */
static int collect_tensors(struct st_out *out, char **name, const struct adapted *a)
{
    const struct model *m = &a->model;
    enum role first = model_role(m, -1, ROLE_DENSE_W) ? ROLE_DENSE_W : ROLE_HEAD_W;
    int n = 0;

    for (int i = 0; i < m->n_params; i++) {
        const struct param *p = &m->params[i];
        if (i >= a->base.n_params && !(param_is_head(p) && a->has_head))
            continue; /* the adapter's own, or a classifier that nothing has trained */
        real *x = updated_copy(a, p, 1);
        if (!x)
            return -1;
        for (size_t k = 0; p->role == first && k < param_size(p); k++)
            x[k] *= (real)m->head.pool_scale; /* W (s p) = (s W) p */
        n = add_part(out, name, n, a->base.arch, p, x);
    }
    return n;
}

static int write_tensors(const struct adapted *a, const char *dir)
{
    size_t cap = (size_t)a->model.n_params;
    struct st_out *out = xalloc(cap, sizeof *out);
    char **name = xalloc(cap, sizeof *name), *path = path_join(dir, "model.safetensors");
    int n = collect_tensors(out, name, a), rc = n < 0 ? -1 : 0;

    for (int i = 0; i < n && rc == 0; i++) {
        size_t size = 1;
        for (int k = 0; k < out[i].n_dims; k++)
            size *= out[i].shape[k];
        if (!vec_finite(out[i].data, size))
            rc = fail(FAIL_INPUT, "'%s' is not finite after merging", name[i]);
    }
    if (rc == 0 && (rc = file_check()) == 0)
        rc = st_write(path, out, n, sizeof(real) == 8);
    for (size_t i = 0; i < cap; i++) {
        free((void *)(uintptr_t)out[i].data);
        free(name[i]);
    }
    free(path);
    free(name);
    free(out);
    return rc;
}

/* --- settings */

/* The names of the classes in the adapter's record, or those that transformers gives by default.
 * Those of the base model belong to another task. */
static void set_labels(json_t *config, const struct adapted *a)
{
    json_t *names = json_object(), *ids = json_object();
    const struct adapter_record *r = &a->record;
    int n = a->model.head.n_labels;

    for (int i = 0; i < n; i++) {
        char *id = xprintf("%d", i);
        char *name = r->labels && r->n_labels == n ? xstrdup(r->labels[i]) : xprintf("LABEL_%d", i);
        json_object_set_new(names, id, json_string(name));
        json_object_set_new(ids, name, json_integer(i));
        free(name);
        free(id);
    }
    json_object_set_new(config, "id2label", names);
    json_object_set_new(config, "label2id", ids);
    json_object_set_new(
        config, "problem_type",
        json_string(a->model.head.regression ? "regression" : "single_label_classification"));
    json_object_del(config, "num_labels"); /* transformers counts id2label */
}

static void drop_labels(json_t *config)
{
    static const char *const keys[] = { "id2label", "label2id", "num_labels", "problem_type" };

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        json_object_del(config, keys[i]);
}

/* config.json of the base model, changed in what concerns the head and the type of the tensors,
 * which transformers would otherwise round to that of the base model. */
static int write_config(const struct adapted *a, const char *dir)
{
    static const char *const types[] = { "dtype", "torch_dtype" };
    char *path = path_join(a->base.dir, "config.json");
    json_t *j = json_read(path);
    const struct arch *arch = a->base.arch;

    free(path);
    if (!j)
        return -1;
    if (!arch->causal) {
        char *class =
            xprintf("%s%s", arch->class, a->has_head ? "ForSequenceClassification" : "Model");
        json_object_set_new(j, "architectures", json_pack("[s]", class));
        free(class);
    }
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (json_object_get(j, types[i]))
            json_object_set_new(j, types[i],
                                json_string(sizeof(real) == 8 ? "float64" : "float32"));
    if (!a->has_head && !a->base.arch->causal)
        drop_labels(j);
    else if (a->has_head && !a->own_head)
        set_labels(j, a);
    return json_write(j, dir, "config.json", JSON_REAL_PRECISION(15));
}

static int write_pooling(const struct adapted *a, const char *dir)
{
    char *sub = path_join(dir, "1_Pooling");
    bool cls = a->model.head.pooling == POOL_CLS;
    json_t *j = json_pack("{s:i, s:b, s:b}", "word_embedding_dimension", a->base.dims.d_model,
                          "pooling_mode_cls_token", cls, "pooling_mode_mean_tokens", !cls);
    int rc = make_dirs(sub);

    if (rc == 0)
        rc = json_write(j, sub, "config.json", JSON_REAL_PRECISION(15));
    else
        json_decref(j);
    free(sub);
    return rc;
}

/* What tells sentence-transformers that there is a folder 1_Pooling. An encoder keeps the base
 * model's list, which may normalize the embeddings. */
static int write_modules(const struct adapted *a, const char *dir)
{
    static const char text[] = "[\n  {\"idx\": 0, \"name\": \"0\", \"path\": \"\", \"type\": "
                               "\"sentence_transformers.models.Transformer\"},\n"
                               "  {\"idx\": 1, \"name\": \"1\", \"path\": \"1_Pooling\", \"type\": "
                               "\"sentence_transformers.models.Pooling\"}\n]\n";
    static const char name[] = "modules.json";
    char *path = path_join(dir, name);
    int rc = 0;

    if (!a->has_head && file_in(a->base.dir, name))
        rc = file_copy_there(a->base.dir, dir, name);
    else if (a->model.head.pooling == POOL_MEAN)
        rc = file_write(path, text, strlen(text), FAIL_STORE);
    else
        unlink(path); /* of a model that was here before */
    free(path);
    return rc;
}

/* Copy the files of NAMES from the folder FROM to TO; those that a model that was in TO before has
 * and FROM does not have are removed. */
static int copy_files(const char *from, const char *to, const char *const *names)
{
    int rc = 0;

    for (; *names && rc == 0; names++) {
        char *old = path_join(to, *names);
        if (!file_in(from, *names))
            unlink(old);
        rc = file_copy_there(from, to, *names);
        free(old);
    }
    return rc;
}

int merge_write(const struct adapted *a, const char *dir)
{
    static const char *const decoder_files[] = { "generation_config.json", NULL };
    bool causal = a->base.arch->causal;

    if (make_dirs(dir) != 0 || copy_files(a->base.dir, dir, tok_files) != 0 ||
        copy_files(a->base.dir, dir, causal ? decoder_files : sentence_files) != 0 ||
        write_config(a, dir) != 0 ||
        (!causal && (write_pooling(a, dir) != 0 || write_modules(a, dir) != 0)))
        return -1;
    return write_tensors(a, dir);
}

/* --- the check */

int merge_undone(double *diff, double *largest, const struct adapted *a,
                 const struct base_model *merged)
{
    *diff = *largest = 0;
    for (int i = 0; i < a->base.n_params; i++) {
        const struct param *p = &a->model.params[i]; /* the method may train W itself */
        const struct param *q = param_find(merged->params, merged->n_params, p->name);
        if (!param_is_proj(p))
            continue;
        CHECK(q, "'%s'", p->name);
        real *x = updated_copy(a, q, -1), *before = plain_copy(p), *after = plain_copy(q);
        bool ok = x && before && after;
        for (size_t k = 0; ok && k < param_size(p); k++) {
            double d = fabs((double)x[k] - (double)before[k]);
            *diff = d <= *diff ? *diff : d; /* a NaN stays */
            *largest = fmax(*largest, fabs((double)after[k]));
        }
        free(x);
        free(before);
        free(after);
        if (!ok)
            return -1;
    }
    return 0;
}
