/* loralib.c - files of loralib as adapter folders of PEFT's. */
#include "core/peft/loralib.h"

#include "core/format/json.h"
#include "core/format/safetensors.h"
#include "core/format/weights.h"
#include "core/peft/peft_tensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char part_a[] = ".lora_A", part_b[] = ".lora_B", head[] = "classifier.";

struct loralib {
    struct weights w;
    struct st_out *out; /* [w.n] with owned names and values */
    json_t *modules;    /* the names of the adapted matrices */
    int rank, n_labels; /* 0: not known yet; no classifier */
};

/* The length of the module's name in "MODULE.lora_A"; 0: NAME does not end with PART. */
static int module_length(const char *name, const char *part)
{
    size_t n = strlen(name), k = strlen(part);

    return n > k && strcmp(name + n - k, part) == 0 ? (int)(n - k) : 0;
}

/* A is [r, columns], B is [rows, r]. */
static int add_pair(struct loralib *l, const struct st_tensor *a, int length)
{
    char *other = xprintf("%.*s%s", length, a->name, part_b);
    const struct st_tensor *b = weights_find(&l->w, other);
    int rc = 0;

    if (!b)
        rc = fail(FAIL_INPUT, "'%s' has the tensor '%s', but no '%s'", l->w.path,
                  st_escaped(a->name), st_escaped(other));
    else if (a->n_dims != 2 || b->n_dims != 2 || a->shape[0] < 1 || a->shape[0] > 65536 ||
             a->shape[0] != b->shape[1])
        rc = st_refuse(l->w.path, a->name, "and its lora_B are not matrices of one rank");
    else if (l->rank && a->shape[0] != (size_t)l->rank)
        rc = st_refuse(l->w.path, a->name, "has rank %zu, where the ones before it have %d",
                       a->shape[0], l->rank);
    free(other);
    if (rc != 0)
        return -1;
    l->rank = (int)a->shape[0];
    json_array_append_new(l->modules, json_stringn(a->name, (size_t)length));
    return 0;
}

/* The last matrix of the classifier has a row for each label. */
static int add_head(struct loralib *l, const struct st_tensor *t)
{
    bool last = strcmp(t->name, "classifier.out_proj.weight") == 0 ||
                strcmp(t->name, "classifier.weight") == 0;

    if (last && (t->n_dims != 2 || t->shape[0] < 1 || t->shape[0] > 65536))
        return st_refuse(l->w.path, t->name, "is not a matrix of labels");
    if (last)
        l->n_labels = (int)t->shape[0];
    return 0;
}

static int add_tensor(struct loralib *l, int i)
{
    const struct st_tensor *t = &l->w.t[i];
    int of_a = module_length(t->name, part_a), of_b = module_length(t->name, part_b), rc = 0;

    if (of_b) {
        char *other = xprintf("%.*s%s", of_b, t->name, part_a);
        if (!weights_find(&l->w, other))
            rc = fail(FAIL_INPUT, "'%s' has the tensor '%s', but no '%s'", l->w.path,
                      st_escaped(t->name), st_escaped(other));
        free(other);
    } else if (of_a) {
        rc = add_pair(l, t, of_a);
    } else if (strncmp(t->name, head, strlen(head)) == 0) {
        rc = add_head(l, t);
    } else {
        rc = st_refuse(l->w.path, t->name,
                       "is neither a lora_A or lora_B nor a part of the classifier");
    }
    if (rc != 0)
        return -1;
    real *values = xalloc(t->count, sizeof *values);
    l->out[i] = (struct st_out){ .name = xprintf("%s%s%s", peft_key_prefix, t->name,
                                                 of_a || of_b ? ".weight" : ""),
                                 .data = values,
                                 .n_dims = t->n_dims };
    memcpy(l->out[i].shape, t->shape, sizeof t->shape);
    return st_reals(values, t, t->count);
}

static int read_all(struct loralib *l)
{
    for (int i = 0; i < l->w.n; i++)
        if (add_tensor(l, i) != 0)
            return -1;
    return l->rank
               ? 0
               : fail(FAIL_INPUT, "'%s' has no tensor '...%s', so it is not an adapter of loralib",
                      l->w.path, part_a);
}

/* PEFT's configuration is written last: without it the folder is no adapter. */
static int write_folder(const struct loralib *l, const char *dir, double alpha)
{
    json_t *saved = l->n_labels ? json_pack("[s]", "classifier") : json_null();
    json_t *config =
        json_pack("{s:s,s:s,s:n,s:i,s:f,s:f,s:b,s:s,s:O,s:o,s:b}", "peft_type", "LORA", "task_type",
                  "SEQ_CLS", "base_model_name_or_path", "r", l->rank, "lora_alpha", alpha,
                  "lora_dropout", 0.0, "fan_in_fan_out", 0, "bias", "none", "target_modules",
                  l->modules, "modules_to_save", saved, "inference_mode", 1);
    json_t *record =
        json_pack("{s:i,s:s,s:f,s:s}", "n_labels", l->n_labels, "pooling", "cls", "pool_scale", 1.0,
                  "problem_type", l->n_labels == 1 ? "regression" : "single_label_classification");
    char *path = path_join(dir, "adapter_model.safetensors");
    int rc = make_dirs(dir);

    if (rc == 0)
        rc = st_write(path, l->out, l->w.n, false);
    if (rc == 0 && l->n_labels)
        rc = json_write(json_incref(record), dir, "lowrank_adapter.json", JSON_SORT_KEYS);
    if (rc == 0)
        rc = json_write(json_incref(config), dir, "adapter_config.json", JSON_SORT_KEYS);
    json_decref(record);
    json_decref(config);
    free(path);
    return rc;
}

int loralib_convert(const char *file, const char *dir, double alpha)
{
    struct loralib l = { .modules = json_array() };
    int rc;

    if (weights_are_in(dir, WEIGHTS_OF_MODEL) || weights_are_in(dir, WEIGHTS_OF_ADAPTER))
        rc = fail(FAIL_USAGE, "'%s' already has an adapter or a model; name another folder", dir);
    else
        rc = weights_open(&l.w, file);
    if (rc == 0) {
        l.out = xalloc((size_t)l.w.n + 1, sizeof *l.out);
        rc = read_all(&l);
        if (rc == 0)
            rc = write_folder(&l, dir, alpha);
        for (int i = 0; i < l.w.n; i++) {
            free((char *)(uintptr_t)l.out[i].name);
            free((real *)(uintptr_t)l.out[i].data);
        }
        free(l.out);
        weights_close(&l.w);
    }
    json_decref(l.modules);
    return rc;
}
