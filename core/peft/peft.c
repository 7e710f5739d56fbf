/* peft.c - writing and reading adapter folders.
 *
 * Keys follow PEFT's lora/config.py. adapter_config.json has the fewest that PEFT needs, because
 * older releases refuse keys that they do not know. The options of other methods are written as a
 * recipe has them. */
#include "core/peft/peft.h"

#include "core/os/file.h"
#include "core/base/text.h"
#include "core/format/json.h"
#include "core/adapt/target.h"
#include "core/peft/peft_config.h"
#include "core/peft/peft_pooler.h"
#include "core/format/safetensors.h"
#include "core/format/weights.h"
#include "core/peft/peft_targets.h"
#include "core/peft/peft_tensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char lora_file[] = "adapter_config.json", other_file[] = "lowrank_adapter.json";
static const char written_file[] = "adapter_model.safetensors";

static size_t size_of(const struct peft_tensor *t)
{
    return (size_t)t->rows * (size_t)t->cols;
}

/* --- writing */

static json_t *whole_or_real(double x)
{
    return x == trunc(x) && fabs(x) < 1e15 ? json_integer((json_int_t)x) : json_real(x);
}

/* The module of target T, where it is one of its own in the checkpoint: "h.0.attn.c_attn". Without
 * the architecture's prefix the name fits any release of PEFT as the key of a pattern. */
static void add_to_patterns(json_t *ranks, json_t *alphas, json_t *names, const struct model *m,
                            int layer, int t, struct rank usual)
{
    struct rank r = peft_saved_rank(m, layer, t);

    if (r.r == 0)
        return;
    char *module = target_module(m->base->arch, layer, t);
    json_array_append_new(names, json_string(module));
    if (r.r != usual.r)
        json_object_set_new(ranks, module, json_integer(r.r));
    if (fabs(r.alpha - usual.alpha) > 1e-6 * fabs(usual.alpha))
        json_object_set_new(alphas, module, whole_or_real(r.alpha));
    free(module);
}

/* target_modules and the patterns. A matrix that is adapted in some layers only is named layer by
 * layer. */
static void set_ranks(json_t *j, const struct model *m, const struct lora_cfg *cfg,
                      struct rank usual)
{
    json_t *ranks = json_object(), *alphas = json_object(), *names = json_array();
    int adapted[N_TARGETS] = { 0 };
    bool all = true;

    for (int i = 0; i < target_slots(m); i++) {
        adapted[i % N_TARGETS] += peft_saved_rank(m, i / N_TARGETS, i % N_TARGETS).r > 0;
        add_to_patterns(ranks, alphas, names, m, i / N_TARGETS, i % N_TARGETS, usual);
    }
    for (int t = 0; t < N_TARGETS; t++)
        all &= adapted[t] == 0 || adapted[t] == m->base->dims.n_layers;
    json_object_set_new(j, "target_modules",
                        all ? peft_targets_write(cfg->targets, &m->base->dims)
                            : json_incref(names));
    if (json_object_size(ranks) > 0)
        json_object_set(j, "rank_pattern", ranks);
    if (json_object_size(alphas) > 0)
        json_object_set(j, "alpha_pattern", alphas);
    json_decref(names);
    json_decref(alphas);
    json_decref(ranks);
}

/* r and lora_alpha: those of the recipe if some module has them, else those of the first module,
 * whose rank a fused matrix may make another. */
static struct rank usual_rank(const struct model *m, const struct lora_cfg *cfg)
{
    struct rank first = { 0 }, r;

    for (int i = 0; i < target_slots(m); i++) {
        r = peft_saved_rank(m, i / N_TARGETS, i % N_TARGETS);
        if (r.r == cfg->rank && fabs(r.alpha - cfg->alpha) <= 1e-6 * cfg->alpha)
            return (struct rank){ r.r, cfg->alpha };
        first = first.r > 0 ? first : r;
    }
    return first;
}

static json_t *lora_config(const struct model *m, const struct lora_cfg *cfg, const char *base_name)
{
    const struct arch *a = m->base->arch;
    struct rank r = usual_rank(m, cfg);
    bool pooler = !a->causal && a->head->dense_is_pooler && model_role(m, -1, ROLE_DENSE_W);
    json_t *saved = a->causal ? json_null()
                    : pooler  ? json_pack("[s,s]", "classifier", "pooler")
                              : json_pack("[s]", "classifier");
    json_t *j;

    j = json_pack("{s:s,s:s,s:s?,s:I,s:o,s:f,s:b,s:s,s:o,s:b}", "peft_type", "LORA", "task_type",
                  a->causal ? "CAUSAL_LM" : "SEQ_CLS", "base_model_name_or_path", base_name, "r",
                  (json_int_t)r.r, "lora_alpha", whole_or_real(r.alpha), "lora_dropout",
                  cfg->dropout, "fan_in_fan_out", stored_transposed(a), "bias", "none",
                  "modules_to_save", saved, "inference_mode", 1);
    set_ranks(j, m, cfg, r);
    peft_set_flags(j, peft_flags(m->adapt));
    return j;
}

/* What stands beside PEFT's file. It does not name the method: alone, it is not an adapter. */
static json_t *lora_record(const struct model *m, const struct adapter_task *task)
{
    json_t *j = json_object();

    adapter_record_add(j, m, task);
    return j;
}

static json_t *other_config(const struct model *m, const void *cfg, const char *base_name,
                            const struct adapter_task *task)
{
    json_t *settings = json_object(), *j;
    char text[4096];

    for (const struct opt *o = m->adapt->opts; o && o->type != OPT_END; o++)
        if (!adapt_unused(o, cfg))
            json_object_set_new(settings, o->key, json_string(opt_text(o, cfg, text, sizeof text)));
    j = json_pack("{s:s,s:i,s:s?,s:o}", "method", m->adapt->name, "n_labels", m->head.n_labels,
                  "base_model_name_or_path", base_name, "settings", settings);
    if (j)
        adapter_record_add(j, m, task);
    return j;
}

/* Without its options a folder is not an adapter. They are removed before the tensors change and
 * written after them, so that an interrupted save never leaves options of other tensors. */
static void remove_options(const char *dir)
{
    const char *const names[] = { lora_file, other_file };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char *path = path_join(dir, names[i]);
        unlink(path);
        free(path);
    }
}

static int write_tensors(const struct peft_tensor *t, int n, const char *dir)
{
    struct st_out *out = xalloc((size_t)n, sizeof *out);
    char *path = path_join(dir, written_file);
    int rc = 0;

    for (int i = 0; i < n; i++) {
        out[i] = (struct st_out){
            t[i].key, t[i].x, t[i].is_vector ? 1 : 2, { (size_t)t[i].rows, (size_t)t[i].cols }
        };
        if (t[i].is_vector)
            out[i].shape[0] = (size_t)t[i].cols;
        if (!vec_finite(t[i].x, size_of(&t[i])))
            rc = fail(FAIL_RUN, "cannot save '%s': '%s' is not finite", path, t[i].key);
    }
    if (rc == 0) {
        remove_options(dir);
        rc = st_write(path, out, n, false);
    }
    free(path);
    free(out);
    return rc;
}

/* The weight of the head that multiplies the pooled vector. */
static bool reads_pooled(const struct model *m, const char *key)
{
    enum role r = model_role(m, -1, ROLE_DENSE_W) ? ROLE_DENSE_W : ROLE_HEAD_W;
    const char *name = arch_head_name(m->base->arch, (int)r);

    return name && strstr(key, name);
}

/* W (s p) = (s W) p: the classifier of a program that has no factor s on the pooled vector p. */
static void scale_head(struct peft_tensor *t, double scale)
{
    real *x = xalloc(size_of(t), sizeof *x);

    for (size_t i = 0; i < size_of(t); i++)
        x[i] = (real)(scale * (double)t->x[i]);
    if (t->owned)
        free(t->x);
    t->x = x;
    t->owned = true;
}

static int write_weights(const struct model *m, const char *dir)
{
    struct peft_tensor *t;
    int n = peft_tensors_to_save(&t, m);
    size_t total = 0;

    for (int i = 0; i < n; i++) {
        total += size_of(&t[i]);
        if (m->head.n_labels > 0 && reads_pooled(m, t[i].key))
            scale_head(&t[i], m->head.pool_scale);
    }
    CHECK(total >= m->n_train, "%zu of %zu trained parameters", total, m->n_train);
    int rc = write_tensors(t, n, dir);
    peft_tensors_free(t, n);
    return rc;
}

int peft_save(const struct model *m, const void *cfg, const char *dir, const char *base_name,
              const struct adapter_task *task)
{
    if (make_dirs(dir) != 0 || write_weights(m, dir) != 0)
        return -1;
    if (!peft_is_lora(m))
        return json_write(other_config(m, cfg, base_name, task), dir, other_file, JSON_SORT_KEYS);
    if ((m->head.n_labels > 0 || precision_is_blocks(m->head.precision)) &&
        json_write(lora_record(m, task), dir, other_file, JSON_SORT_KEYS) != 0)
        return -1;
    return json_write(lora_config(m, cfg, base_name), dir, lora_file, JSON_SORT_KEYS);
}

/* --- reading */

/* The folder's method must be the model's. */
static int check_method(const struct model *m, const char *dir)
{
    char *lora = path_join(dir, lora_file), *other = path_join(dir, other_file);
    const struct adapt *peft = NULL;
    json_t *j = NULL;
    const char *method = NULL;
    int rc = 0;

    if (file_exists(lora))
        rc = (peft = peft_method(dir)) != NULL ? 0 : -1;
    else if (!file_exists(other))
        rc = fail(FAIL_INPUT, "'%s' is not an adapter: it has neither %s nor %s", dir, lora_file,
                  other_file);
    else if ((j = json_read(other)) == NULL)
        rc = -1;
    else if ((method = json_string_value(json_object_get(j, "method"))) == NULL)
        rc = fail(FAIL_INPUT, "'%s' does not name a method", other);
    if (peft && (!peft_is_lora(m) || peft_flags(peft) != peft_flags(m->adapt)))
        method = peft->name;
    if (method && strcmp(method, m->adapt->name) != 0)
        rc = fail(FAIL_INPUT, "'%s' holds an adapter of the method '%s'; the model has '%s'", dir,
                  st_escaped(method), m->adapt->name);
    json_decref(j);
    free(other);
    free(lora);
    return rc;
}

/* PEFT writes keys without the architecture's prefix when it adapts an encoder without a head. */
static const struct st_tensor *find_key(const struct weights *w, const char *key,
                                        const char *prefix)
{
    const struct st_tensor *t = weights_find(w, key);
    size_t k = strlen(peft_key_prefix), n = strlen(prefix);

    if (!t && strncmp(key, peft_key_prefix, k) == 0 && strncmp(key + k, prefix, n) == 0) {
        char *bare = xprintf("%s%s", peft_key_prefix, key + k + n);
        t = weights_find(w, bare);
        free(bare);
    }
    return t;
}

static int check_shape(const struct peft_tensor *want, const struct st_tensor *t)
{
    bool ok = want->is_vector ? t->n_dims == 1 && t->shape[0] == (size_t)want->cols
                              : t->n_dims == 2 && t->shape[0] == (size_t)want->rows &&
                                    t->shape[1] == (size_t)want->cols;
    struct text shape = { 0 }, wanted = { 0 };

    if (ok)
        return 0;
    for (int i = 0; i < t->n_dims; i++)
        text_join(&shape, ", ", "%zu", t->shape[i]);
    if (!want->is_vector)
        text_add(&wanted, "%d, ", want->rows);
    text_add(&wanted, "%d", want->cols);
    st_refuse(t->file->path, t->name, "has the shape [%s]; the model needs [%s]",
              text_string(&shape), text_string(&wanted));
    text_free(&shape);
    text_free(&wanted);
    return -1;
}

/* A pooler is not among them: another task continues with it. */
static bool is_head_key(const struct arch *a, const char *key)
{
    bool pooler = a->head && a->head->dense_is_pooler;

    for (int r = ROLE_HEAD_W; r <= (pooler ? ROLE_HEAD_B : ROLE_DENSE_B); r++) {
        const char *name = arch_head_name(a, r);
        if (name && strstr(key, name))
            return true;
    }
    return false;
}

/* Check that the file has exactly the tensors WANT; FROM[i] becomes that of want[i]. Without HEAD
 * the classifiers on both sides are ignored, and their from[i] is NULL. POOLER: the file may have
 * tensors of the pooler, too. */
static int match_tensors(const struct st_tensor **from, const struct peft_tensor *want, int n,
                         const struct weights *w, const struct arch *a, bool head, bool pooler)
{
    bool *used = xalloc((size_t)w->n, sizeof *used);
    int rc = 0;

    for (int i = 0; i < w->n; i++)
        used[i] =
            (!head && is_head_key(a, w->t[i].name)) || (pooler && peft_pooler_has(w->t[i].name));
    for (int i = 0; i < n && rc == 0; i++) {
        if (!head && is_head_key(a, want[i].key))
            continue;
        from[i] = find_key(w, want[i].key, a->prefix);
        if (!from[i])
            rc = fail(FAIL_INPUT, "'%s' lacks the tensor '%s'", w->path, want[i].key);
        else
            rc = check_shape(&want[i], from[i]);
        if (rc == 0)
            used[from[i] - w->t] = true;
    }
    for (int i = 0; i < w->n && rc == 0; i++)
        if (!used[i])
            rc = fail(FAIL_INPUT, "'%s' has the tensor '%s', which the model does not have",
                      w->path, st_escaped(w->t[i].name));
    free(used);
    return rc;
}

/* SCALE: what the classifier's weight is divided by. */
static int read_weights(struct model *m, const struct weights *w, bool head, double scale)
{
    struct peft_tensor *want;
    int n = peft_tensors(&want, m);
    const struct st_tensor **from = xalloc((size_t)n, sizeof *from);
    real *before = xalloc(m->n_train, sizeof *before);
    int rc = match_tensors(from, want, n, w, m->base->arch, head, peft_is_lora(m));

    memcpy(before, m->theta, m->n_train * sizeof *before);
    for (int i = 0; i < n && rc == 0; i++)
        rc = from[i] ? st_reals(want[i].x, from[i], size_of(&want[i])) : 0;
    for (int i = 0; i < n && rc == 0; i++)
        for (size_t k = 0; from[i] && reads_pooled(m, want[i].key) && k < size_of(&want[i]); k++)
            want[i].x[k] = (real)((double)want[i].x[k] / scale);
    if (rc != 0)
        memcpy(m->theta, before, m->n_train * sizeof *before);
    free(before);
    free(from);
    peft_tensors_free(want, n);
    return rc;
}

static int open_folder(struct weights *w, const char *dir)
{
    char *path = weights_in(dir, WEIGHTS_OF_ADAPTER);
    int rc = path ? weights_open(w, path) : -1;

    free(path);
    return rc;
}

static int load_folder(struct model *m, const char *dir, bool head)
{
    struct adapter_record record = { 0 };
    struct weights w;
    int rc = -1;

    if (check_method(m, dir) == 0 && adapter_record_read(&record, dir) == 0 &&
        open_folder(&w, dir) == 0) {
        bool scaled = record.present && m->head.n_labels > 0;
        real *pooler = NULL;
        rc = peft_is_lora(m) ? peft_pooler_read(&pooler, m, &w, dir) : 0;
        if (rc == 0)
            rc = read_weights(m, &w, head, scaled ? m->head.pool_scale : 1);
        if (rc == 0 && pooler)
            model_set_pooler(m, pooler);
        else
            free(pooler);
        weights_close(&w);
    }
    adapter_record_free(&record);
    return rc;
}

int peft_fits(const struct model *m, const char *dir)
{
    struct weights w;
    int rc = check_method(m, dir) == 0 && open_folder(&w, dir) == 0 ? 0 : -1;

    if (rc == 0) {
        struct peft_tensor *want;
        int n = peft_tensors(&want, m);
        const struct st_tensor **from = xalloc((size_t)n, sizeof *from);
        rc = match_tensors(from, want, n, &w, m->base->arch, false, false);
        free(from);
        peft_tensors_free(want, n);
        weights_close(&w);
    }
    return rc;
}

int peft_load(struct model *m, const char *dir)
{
    return load_folder(m, dir, true);
}

int peft_begin(struct model *m, const char *dir)
{
    return load_folder(m, dir, false);
}
