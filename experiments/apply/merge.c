/* merge.c - a base model with an adapter's update added to its weights. */
#include "experiments/apply/merge.h"
#include "core/format/json.h"
#include "core/os/file.h"
#include "core/text/tok.h"
#include "core/weights/quantized.h"
#include "core/weights/stored_write.h"
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

/* The values of P as products see them. */
static real *plain_copy(const struct param *p, enum precision precision)
{
    real *x = malloc(param_size(p) * sizeof *x);

    if (!x)
        fail(FAIL_MEMORY, "no memory for a copy of '%s'", p->name);
    else if (quantized_param_read(x, p, param_is_proj(p) ? precision : PRECISION_F32) == 0)
        return x;
    free(x);
    return NULL;
}

/* A copy of a tensor of the base model (SIGN 1) or of a merged one (-1), with SIGN times its update
 * if it is an adapted matrix. NULL after fail, also
 * when the user interrupts. */
static real *updated_copy(const struct adapted *a, const struct param *p, int sign)
{
    enum precision of_base = a->model.head.precision;
    real *x = stop_check() == 0 ? plain_copy(p, sign > 0 ? of_base : PRECISION_F32) : NULL;

    if (x && param_is_proj(p) && a->method->merge)
        a->method->merge(&a->model, p->layer, (enum proj)p->role, mat_make(x, p->rows, p->cols),
                         sign);
    return x;
}

/* --- tensors */

/* The base model and the classifier, if there is one. */
static int collect_tensors(struct stored_out *out, const struct adapted *a)
{
    const struct model *m = &a->model;
    enum role first = model_role(m, -1, ROLE_DENSE_W) ? ROLE_DENSE_W : ROLE_HEAD_W;

    for (int i = 0; i < m->n_params; i++) {
        const struct param *p = &m->params[i];
        if (i >= a->base.n_params && !(param_is_head(p) && a->has_head))
            continue; /* the adapter's own, or a classifier that nothing has trained */
        real *x = updated_copy(a, p, 1);
        if (!x)
            return -1;
        for (size_t k = 0; p->role == first && k < param_size(p); k++)
            x[k] *= (real)m->head.pool_scale; /* W (s p) = (s W) p */
        stored_add(out, a->base.arch, p, x);
        free(x);
    }
    return file_check();
}

static int write_tensors(const struct adapted *a, const char *dir)
{
    struct stored_out out = { 0 };
    char *path = path_join(dir, "model.safetensors");
    int rc = collect_tensors(&out, a);

    if (rc == 0)
        rc = stored_write(&out, path, "after merging");
    stored_out_free(&out);
    free(path);
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
        real *x = updated_copy(a, q, -1), *before = plain_copy(p, a->model.head.precision),
             *after = plain_copy(q, PRECISION_F32);
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
