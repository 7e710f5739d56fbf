/* peft_config.c - reading adapter_config.json; settings that cannot be computed here are refused by
 * name. */
#include "core/peft/peft.h"

#include "core/os/file.h"
#include "core/format/json.h"
#include "core/format/weights.h"
#include "core/peft/peft_config.h"
#include "core/peft/peft_ranks.h"
#include "core/peft/peft_tensors.h"

#include <stdlib.h>
#include <string.h>

/* Settings that change what is computed; each must have a value that means "not used". Keys that
 * are neither here nor read below are ignored, because every release of PEFT adds some. */
static const struct {
    const char *key, *why;
} unused[] = {
    { "use_qalora", "QALoRA is not supported" },
    { "use_bdlora", "BD-LoRA is not supported" },
    { "kasa_config", "KaSA is not supported" },
    { "velora_config", "VeLoRA is not supported" },
    { "monteclora_config", "MonteCLoRA is not supported" },
    { "arrow_config", "Arrow is not supported" },
    { "alora_invocation_tokens", "activated LoRA is not supported" },
    { "lora_bias", "a bias on B is not supported" },
    { "layer_replication", "replicated layers are not supported" },
    { "target_parameters", "adapted parameters outside modules are not supported" },
    { "trainable_token_indices", "trained token embeddings are not supported" },
};

/* Absent, null, false, {} or []. */
static bool is_unused(const json_t *j)
{
    return !j || json_is_null(j) || json_is_false(j) ||
           (json_is_object(j) && json_object_size(j) == 0) ||
           (json_is_array(j) && json_array_size(j) == 0);
}

static int refuse_unsupported(const json_t *j, const char *file, const struct dims *d)
{
    const char *type = json_string_value(json_object_get(j, "peft_type"));
    const char *bias = json_string_value(json_object_get(j, "bias"));

    if (!type)
        return fail(FAIL_INPUT, "'%s': peft_type is missing; it must be 'LORA'", file);
    if (strcmp(type, "LORA") != 0)
        return fail(FAIL_INPUT, "'%s': peft_type is '%s'; it must be 'LORA'", file,
                    st_escaped(type));
    if (bias && strcmp(bias, "none") != 0)
        return fail(FAIL_INPUT, "'%s': bias is '%s'; trained biases are not supported", file,
                    st_escaped(bias));
    /* PEFT itself sets it where the base model's layers are Conv1D, whatever the file says. */
    if (!is_unused(json_object_get(j, "fan_in_fan_out")) && !stored_transposed(arch_find(d->arch)))
        return fail(FAIL_INPUT, "'%s': fan_in_fan_out is set, but %s has no transposed weights",
                    file, d->arch);
    for (size_t i = 0; i < ARRAY_LEN(unused); i++)
        if (!is_unused(json_object_get(j, unused[i].key)))
            return fail(FAIL_INPUT, "'%s': %s is set: %s", file, unused[i].key, unused[i].why);
    return 0;
}

/* Some ways of initialization move a part of the base model's weights into the adapter, which then
 * belongs to another base model. */
static int read_init(struct lora_cfg *cfg, const json_t *j, const char *file)
{
    static const char *const same_base[] = { "gaussian", "eva", "orthogonal", "mica" };
    const char *name = json_string_value(json_object_get(j, "init_lora_weights"));

    cfg->init = name && strcmp(name, "gaussian") == 0 ? LORA_INIT_PEFT_GAUSSIAN : LORA_INIT_KAIMING;
    for (size_t i = 0; name && i < ARRAY_LEN(same_base); i++)
        if (strcmp(name, same_base[i]) == 0)
            return 0;
    return name
               ? fail(FAIL_INPUT,
                      "'%s': init_lora_weights '%s' changes the base model, which is not supported",
                      file, st_escaped(name))
               : 0;
}

static int read_numbers(struct lora_cfg *cfg, const json_t *j, const char *file)
{
    const json_t *r = json_object_get(j, "r"), *alpha = json_object_get(j, "lora_alpha");
    const json_t *dropout = json_object_get(j, "lora_dropout");

    if (!json_is_integer(r) || json_integer_value(r) < 1 || json_integer_value(r) > 65536)
        return fail(FAIL_INPUT, "'%s': r must be a whole number from 1 to 65536", file);
    if (!json_is_number(alpha) || json_number_value(alpha) < 0 || json_number_value(alpha) > 1e6)
        return fail(FAIL_INPUT, "'%s': lora_alpha must be a number from 0 to 1e6", file);
    if (dropout && (!json_is_number(dropout) || json_number_value(dropout) < 0 ||
                    json_number_value(dropout) >= 1))
        return fail(FAIL_INPUT, "'%s': lora_dropout must be a number from 0 to below 1", file);
    cfg->rank = (long)json_integer_value(r);
    cfg->alpha = json_number_value(alpha);
    cfg->dropout = json_number_value(dropout);
    return 0;
}

/* Only the head and the pooler may be trained beside the matrices. PEFT itself writes both names of
 * the head. */
static int check_saved_modules(const json_t *j, const char *file)
{
    const json_t *list = json_object_get(j, "modules_to_save"), *item;
    size_t i;

    if (list && !json_is_null(list) && !json_is_array(list))
        return fail(FAIL_INPUT, "'%s': modules_to_save must be a list", file);
    json_array_foreach(list, i, item)
    {
        const char *s = json_string_value(item);
        if (!s)
            return fail(FAIL_INPUT, "'%s': modules_to_save has an entry that is not a name", file);
        if (strcmp(s, "classifier") != 0 && strcmp(s, "score") != 0 && strcmp(s, "pooler") != 0)
            return fail(FAIL_INPUT,
                        "'%s': modules_to_save has '%s'; only 'classifier' and 'pooler' are "
                        "supported",
                        file, st_escaped(s));
    }
    return 0;
}

int peft_has_task_head(const char *dir)
{
    char *file = path_join(dir, "adapter_config.json");
    json_t *j = json_read(file);
    const char *task = json_string_value(json_object_get(j, "task_type"));
    const char *class =
        json_string_value(json_object_get(json_object_get(j, "auto_mapping"), "base_model_class"));
    enum class_use use = dims_class_use(class);
    int rc = j ? 1 : -1;

    if (task && strcmp(task, "FEATURE_EXTRACTION") == 0)
        rc = 0;
    else if (task && strcmp(task, "SEQ_CLS") != 0)
        rc =
            fail(FAIL_INPUT, "'%s': task_type is '%.60s'; it must be SEQ_CLS or FEATURE_EXTRACTION",
                 file, st_escaped(task));
    else if (j && !task && class && (use == CLASS_OTHER || use == CLASS_DECODER))
        rc = fail(FAIL_INPUT,
                  "'%s': base_model_class is '%.60s'; it must be a sequence classifier "
                  "(ForSequenceClassification) or an encoder (Model, ForMaskedLM, ForPreTraining)",
                  file, st_escaped(class));
    else if (j && !task)
        rc = use == CLASS_SEQUENCE;
    json_decref(j);
    free(file);
    return rc;
}

/* Does modules_to_save promise a classifier? */
static bool saves_head(const json_t *j)
{
    const json_t *item;
    size_t i;

    json_array_foreach(json_object_get(j, "modules_to_save"), i, item)
    {
        if (json_string_value(item) && strcmp(json_string_value(item), "pooler") != 0)
            return true;
    }
    return false;
}

/* *N_LABELS becomes the rows of the classifier in the folder, 0 when it has none. SAVED: it must
 * have one. */
static int count_labels(int *n_labels, const char *dir, bool saved, const struct arch *a)
{
    char *path = weights_in(dir, WEIGHTS_OF_ADAPTER);
    const char *name = arch_head_name(a, ROLE_HEAD_W);
    char *key = xprintf("%s%s", peft_key_prefix, name ? name : "classifier.weight");
    struct weights w;
    int rc = path ? weights_open(&w, path) : -1;

    *n_labels = 0;
    if (rc == 0) {
        const struct st_tensor *t = weights_find(&w, key);
        if (t && (t->n_dims != 2 || t->shape[0] < 1 || t->shape[0] > 65536))
            rc = fail(FAIL_INPUT, "tensor '%s' of '%s' is not a matrix of labels",
                      st_escaped(t->name), path);
        else if (t)
            *n_labels = (int)t->shape[0];
        else if (saved)
            rc = fail(FAIL_INPUT, "'%s' lacks the tensor '%s', which modules_to_save promises",
                      path, key);
        weights_close(&w);
    }
    free(key);
    free(path);
    return rc;
}

/* The methods that PEFT calls LORA. A folder is read as the first method with its flags. */
static const char use_rslora[] = "use_rslora", use_dora[] = "use_dora";
static const struct {
    const char *method;
    int flags;
} kinds[] = { { "lora", 0 },         { "rslora", PEFT_RSLORA },
              { "dora", PEFT_DORA }, { "rsdora", PEFT_RSLORA | PEFT_DORA },
              { "lora-plus", 0 },    { "lora-fa", 0 } };

int peft_flags(const struct adapt *a)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strcmp(kinds[i].method, a->name) == 0)
            return kinds[i].flags;
    return -1;
}

void peft_set_flags(json_t *config, int flags)
{
    if (flags & PEFT_RSLORA)
        json_object_set_new(config, use_rslora, json_true());
    if (flags & PEFT_DORA)
        json_object_set_new(config, use_dora, json_true());
}

const struct adapt *peft_method(const char *dir)
{
    char *file = path_join(dir, "adapter_config.json");
    json_t *j = json_read(file);
    int flags = (is_unused(json_object_get(j, use_rslora)) ? 0 : PEFT_RSLORA) |
                (is_unused(json_object_get(j, use_dora)) ? 0 : PEFT_DORA);
    size_t i = 0;

    while (kinds[i].flags != flags)
        i++;
    free(file);
    if (!j)
        return NULL;
    json_decref(j);
    return adapt_find(kinds[i].method);
}

int peft_read_all(struct lora_cfg *cfg, struct rank *pooler, int *n_labels, const char *dir,
                  const struct dims *d)
{
    char *file = path_join(dir, "adapter_config.json");
    json_t *j = json_read(file);
    const char *task = json_string_value(json_object_get(j, "task_type"));
    bool saved = saves_head(j), bare = false;
    int rc = -1;

    *cfg = (struct lora_cfg){ 0 };
    *pooler = (struct rank){ 0 };
    *n_labels = 0;
    /* A task that is not here is for peft_has_task_head to refuse. */
    if (j && !arch_find(d->arch)->causal && (!task || strcmp(task, "FEATURE_EXTRACTION") == 0))
        bare = peft_has_task_head(dir) == 0;
    if (j && refuse_unsupported(j, file, d) == 0 && read_init(cfg, j, file) == 0 &&
        read_numbers(cfg, j, file) == 0 && check_saved_modules(j, file) == 0)
        rc = peft_ranks_read(cfg, pooler, j, d, bare, file);
    json_decref(j);
    free(file);
    if (rc == 0)
        rc = count_labels(n_labels, dir, saved, arch_find(d->arch));
    if (rc != 0)
        lora_cfg_free(cfg);
    return rc;
}

int peft_read_config(struct lora_cfg *cfg, int *n_labels, const char *dir, const struct dims *d)
{
    struct rank pooler;

    return peft_read_all(cfg, &pooler, n_labels, dir, d);
}
