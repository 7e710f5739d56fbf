/* adapter_record.c - what an adapter folder says about its task. */
#include "core/peft/adapter_record.h"

#include "core/format/json.h"
#include "core/os/file.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char classification[] = "single_label_classification", regression[] = "regression";

static json_t *label_list(const struct adapter_task *task)
{
    json_t *list = json_array();

    for (int i = 0; i < task->n_labels; i++) {
        json_t *name = json_string(task->labels[i]);
        if (name)
            json_array_append_new(list, name);
    }
    /* A name that is not UTF-8 cannot be written; a list with a gap would name the wrong classes.
     */
    if (json_array_size(list) == (size_t)task->n_labels)
        return list;
    json_decref(list);
    return NULL;
}

void adapter_record_add(json_t *j, const struct model *m, const struct adapter_task *task)
{
    const struct head *h = &m->head;

    if (precision_is_blocks(h->precision))
        json_object_set_new(j, "base_precision", json_string(precision_name(h->precision)));
    if (h->n_labels == 0 || h->pooling == POOL_NONE)
        return;
    json_object_set_new(j, "n_labels", json_integer(h->n_labels));
    json_object_set_new(j, "pooling", json_string(h->pooling == POOL_MEAN ? "mean" : "cls"));
    json_object_set_new(j, "pool_scale", json_real(h->pool_scale));
    json_object_set_new(j, "problem_type",
                        json_string(h->regression ? regression : classification));
    if (task && task->labels && task->n_labels == h->n_labels && !h->regression) {
        json_t *labels = label_list(task);
        if (labels)
            json_object_set_new(j, "labels", labels);
    }
    if (task && task->max_length > 0)
        json_object_set_new(j, "max_length", json_integer(task->max_length));
}

static int read_labels(struct adapter_record *r, const json_t *j, const char *path)
{
    const json_t *list = json_object_get(j, "labels"), *item;
    json_int_t n = json_integer_value(json_object_get(j, "n_labels"));
    size_t i;

    if (!list)
        return 0;
    if (!json_is_array(list) || (json_int_t)json_array_size(list) != n)
        return fail(FAIL_INPUT, "'%s': labels must be a list of n_labels names", path);
    r->labels = xalloc(json_array_size(list) + 1, sizeof *r->labels);
    json_array_foreach(list, i, item)
    {
        if (!json_is_string(item))
            return fail(FAIL_INPUT, "'%s': labels has an entry that is not a string", path);
        r->labels[r->n_labels++] = xstrdup(json_string_value(item));
    }
    return 0;
}

static int read_record(struct adapter_record *r, const json_t *j, const char *path)
{
    const char *pooling = json_string_value(json_object_get(j, "pooling"));
    const char *problem = json_string_value(json_object_get(j, "problem_type"));
    const json_t *scale = json_object_get(j, "pool_scale");
    const json_t *length = json_object_get(j, "max_length");

    if (!pooling || (strcmp(pooling, "cls") != 0 && strcmp(pooling, "mean") != 0))
        return fail(FAIL_INPUT, "'%s': pooling must be \"cls\" or \"mean\"", path);
    if (!json_is_number(scale) || !(json_number_value(scale) >= 1e-6) ||
        !(json_number_value(scale) <= 1e6))
        return fail(FAIL_INPUT, "'%s': pool_scale must be a number from 1e-6 to 1e6", path);
    if (!problem || (strcmp(problem, classification) != 0 && strcmp(problem, regression) != 0))
        return fail(FAIL_INPUT, "'%s': problem_type must be \"%s\" or \"%s\"", path, classification,
                    regression);
    if (length && (!json_is_integer(length) || json_integer_value(length) < 3 ||
                   json_integer_value(length) > INT_MAX))
        return fail(FAIL_INPUT, "'%s': max_length must be a whole number from 3 to %d", path,
                    INT_MAX);
    r->pooling = strcmp(pooling, "mean") == 0 ? POOL_MEAN : POOL_CLS;
    r->pool_scale = json_number_value(scale);
    r->regression = strcmp(problem, regression) == 0;
    r->max_length = (long)json_integer_value(length);
    r->present = true;
    return read_labels(r, j, path);
}

static int read_base_precision(struct adapter_record *r, const json_t *j, const char *path)
{
    const json_t *base = json_object_get(j, "base_precision");

    if (!base)
        return 0;
    r->base_precision =
        json_is_string(base) ? precision_find(json_string_value(base)) : N_PRECISION;
    return precision_is_blocks(r->base_precision)
               ? 0
               : fail(FAIL_INPUT, "'%s': base_precision must be \"q8_0\", \"q4_1\" or \"nf4\"",
                      path);
}

/* Folders of ours do not have these keys. */
bool adapter_written_by_peft(const char *dir)
{
    char *path = path_join(dir, "adapter_config.json");
    json_t *j = file_exists(path) ? json_read(path) : NULL;
    bool peft = json_object_get(j, "auto_mapping") || json_object_get(j, "peft_version");

    json_decref(j);
    free(path);
    return peft;
}

int adapter_record_read(struct adapter_record *r, const char *dir)
{
    char *path = path_join(dir, "lowrank_adapter.json");
    json_t *j = NULL;
    int rc = 0;

    *r = (struct adapter_record){ 0 };
    if (file_exists(path) && !(j = json_read(path)))
        rc = -1;
    else if (j && !adapter_written_by_peft(dir))
        rc = json_object_get(j, "pooling") ? read_record(r, j, path) : 0;
    if (rc == 0 && j)
        rc = read_base_precision(r, j, path);
    if (rc != 0)
        adapter_record_free(r);
    json_decref(j);
    free(path);
    return rc;
}

void adapter_record_free(struct adapter_record *r)
{
    for (int i = 0; i < r->n_labels; i++)
        free(r->labels[i]);
    free(r->labels);
    *r = (struct adapter_record){ 0 };
}
