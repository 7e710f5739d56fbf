/* peft.c - adapter folders: PEFT's for LoRA, and the same idea for the other methods, whose settings
 * are words as a recipe has them.
 *
 * Keys and settings follow PEFT's save_and_load.py and lora/config.py. The settings are the fewest
 * that PEFT needs, because its older releases refuse those they do not know. */
#include "core/peft/peft.h"
#include "core/format/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char lora_file[] = "adapter_config.json", other_file[] = "lowrank_adapter.json";
static const char weights_file[] = "adapter_model.safetensors", key_prefix[] = "base_model.model.";

static const char magnitude[] = ".lora_magnitude_vector";

/* How many of q, k and v have a pair, where PEFT can only hold one of a fused matrix; else 0. */
static int split_pairs(const struct model *m)
{
    int n = 0;

    for (int p = PROJ_Q; p <= PROJ_V && stored_together(m->base->arch); p++) {
        struct mat a, b;
        lora_pair(m, 0, p, &a, &b);
        n += a.x != NULL;
    }
    return n;
}

/* Its folder is one of PEFT's LORA. A fused matrix would need lengths of rows that DoRA does not
 * adapt. */
static bool is_lora(const struct model *m)
{
    const char *flag = peft_flag(m->adapt);

    return flag && (strcmp(flag, "use_dora") != 0 || split_pairs(m) == 0);
}

static bool is_head(const struct param *p)
{
    return strcmp(p->name, "classifier.weight") == 0 || strcmp(p->name, "classifier.bias") == 0;
}

/* "base_model.model.bert.encoder.layer.0.attention.self.query.lora_A.weight" */
static char *matrix_key(const struct model *m, const char *module, const char *which)
{
    return xprintf("%s%s%s.%s.weight", key_prefix, m->base->arch->prefix, module, which);
}

static void add_matrix(struct peft_tensor *t, const struct model *m, int layer, int target,
                       const char *which, struct mat x)
{
    const struct arch *a = m->base->arch;
    char *module = target == LORA_QKV ? stored_module(a, layer, PROJ_Q)
                                      : xstrdup(a->proj_name(layer, (enum proj)target));

    CHECK(x.ld == x.cols, "%d, %d", x.ld, x.cols);
    *t = (struct peft_tensor){ matrix_key(m, module, which), x.x, x.rows, x.cols, false };
    free(module);
}

int peft_tensors(struct peft_tensor **out, const struct model *m)
{
    int n_layers = m->base->dims.n_layers, n = 0;
    struct peft_tensor *t =
        xalloc((size_t)(m->n_params + 2 * n_layers * N_LORA_TARGETS), sizeof *t);

    for (int i = 0; i < n_layers && is_lora(m); i++)
        for (int p = 0; p < N_LORA_TARGETS; p++) {
            struct mat a, b;
            lora_pair(m, i, p, &a, &b);
            if (a.rows == 0)
                continue;
            add_matrix(&t[n++], m, i, p, "lora_A", a);
            add_matrix(&t[n++], m, i, p, "lora_B", b);
        }
    for (int i = 0; i < m->n_params; i++) {
        const struct param *p = &m->params[i];
        bool row = is_lora(m) && strstr(p->name, magnitude);
        if (is_head(p) || row || ((p->trainable || p->role == ROLE_OTHER) && !is_lora(m)))
            t[n++] = (struct peft_tensor){ xprintf("%s%s%s", is_lora(m) ? key_prefix : "",
                                                   row ? m->base->arch->prefix : "", p->name),
                                           p->value, p->rows, p->cols, p->is_vector };
    }
    *out = t;
    return n;
}

void peft_tensors_free(struct peft_tensor *t, int n)
{
    for (int i = 0; i < n; i++)
        free(t[i].key);
    free(t);
}

static size_t size_of(const struct peft_tensor *t)
{
    return (size_t)t->rows * (size_t)t->cols;
}

/* --- writing */

static json_t *whole_or_real(double x)
{
    return x == trunc(x) && fabs(x) < 1e15 ? json_integer((json_int_t)x) : json_real(x);
}

/* How many pairs PEFT can only hold as one of a fused matrix: the ranks of all add up there, and
 * every other pair gets zeros to have that rank too, because a folder has one. 1: all as they are. */
static int fused_pairs(const struct model *m)
{
    int n = split_pairs(m);

    return n > 1 ? n : 1;
}

static json_t *lora_config(const struct model *m, const struct lora_cfg *cfg, const char *base_name)
{
    const struct arch *a = m->base->arch;
    int n = fused_pairs(m);
    json_t *saved = a->causal ? json_null() : json_pack("[s]", "classifier"), *j;
    /* PEFT divides by sqrt(r) of the sum of ranks. */
    double alpha = cfg->alpha * (strcmp(peft_flag(m->adapt), "use_rslora") == 0 ? sqrt(n) : n);

    j = json_pack(
        "{s:s,s:s,s:s?,s:I,s:o,s:f,s:o,s:b,s:s,s:o,s:b}", "peft_type", "LORA", "task_type",
        a->causal ? "CAUSAL_LM" : "SEQ_CLS", "base_model_name_or_path", base_name, "r",
        (json_int_t)cfg->rank * n, "lora_alpha", whole_or_real(alpha), "lora_dropout", cfg->dropout,
        "target_modules", peft_targets_write(cfg->targets, &m->base->dims), "fan_in_fan_out",
        stored_transposed(a), "bias", "none", "modules_to_save", saved, "inference_mode", 1);
    if (*peft_flag(m->adapt))
        json_object_set_new(j, peft_flag(m->adapt), json_true());
    return j;
}

static json_t *other_config(const struct model *m, const void *cfg, const char *base_name)
{
    json_t *settings = json_object();
    char text[4096];

    for (const struct opt *o = m->adapt->opts; o && o->type != OPT_END; o++)
        json_object_set_new(settings, o->key, json_string(opt_text(o, cfg, text, sizeof text)));
    return json_pack("{s:s,s:i,s:s?,s:o}", "method", m->adapt->name, "n_labels", m->head.n_labels,
                     "base_model_name_or_path", base_name, "settings", settings);
}

/* The pairs of one module of layer LAYER, targets FIRST to LAST, as one A' [n r, in] and B' [out, n r]:
 * A one below the other, B in blocks. Adds two tensors with memory of their own. */
static int add_fused(struct peft_tensor *t, const struct model *m, int layer, int first, int last)
{
    const struct arch *arch = m->base->arch;
    int n = fused_pairs(m), at = 0, parts = last - first + 1;
    struct mat a, b, all_a = { 0 }, all_b = { 0 };

    for (int p = first; p <= last; p++) {
        lora_pair(m, layer, p, &a, &b);
        if (!a.x)
            continue;
        if (!all_a.x) {
            size_t rank = (size_t)n * (size_t)a.rows;
            all_a = mat_make(xalloc(rank * (size_t)a.cols, sizeof(real)), (int)rank, a.cols);
            all_b = mat_make(xalloc(rank * (size_t)(parts * b.rows), sizeof(real)), parts * b.rows,
                             (int)rank);
        }
        mat_copy(mat_rows(all_a, at * a.rows, a.rows), a);
        mat_copy(mat_cols(mat_rows(all_b, (p - first) * b.rows, b.rows), at * b.cols, b.cols), b);
        at++;
    }
    if (!all_a.x)
        return 0;
    char *module = stored_module(arch, layer, (enum proj)first);
    t[0] = (struct peft_tensor){ matrix_key(m, module, "lora_A"), all_a.x, all_a.rows, all_a.cols,
                                 false };
    t[1] = (struct peft_tensor){ matrix_key(m, module, "lora_B"), all_b.x, all_b.rows, all_b.cols,
                                 false };
    free(module);
    return 2;
}

static int write_tensors(const struct peft_tensor *t, int n, const char *dir)
{
    struct st_out *out = xalloc((size_t)n, sizeof *out);
    char *path = path_join(dir, weights_file);
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
    if (rc == 0)
        rc = st_write(path, out, n, false);
    free(path);
    free(out);
    return rc;
}

static int write_fused(const struct model *m, const char *dir)
{
    int layers = m->base->dims.n_layers, n = 0;
    struct peft_tensor *t = xalloc(2 * (size_t)layers * N_GROUP, sizeof *t);

    for (int i = 0; i < layers; i++) {
        n += add_fused(&t[n], m, i, PROJ_Q, PROJ_V);
        for (int p = PROJ_O; p < N_PROJ; p++)
            n += add_fused(&t[n], m, i, p, p);
    }
    int rc = write_tensors(t, n, dir);
    for (int i = 0; i < n; i++)
        free(t[i].x);
    peft_tensors_free(t, n);
    return rc;
}

static int write_weights(const struct model *m, const char *dir)
{
    struct peft_tensor *t;
    size_t total = 0;

    if (is_lora(m) && split_pairs(m) > 0)
        return write_fused(m, dir);
    int n = peft_tensors(&t, m);
    for (int i = 0; i < n; i++)
        total += size_of(&t[i]);
    CHECK(total >= m->n_train, "%zu of %zu trained numbers", total, m->n_train);
    int rc = write_tensors(t, n, dir);
    peft_tensors_free(t, n);
    return rc;
}

/* The settings are written last: a folder without them is not an adapter, whatever interrupted us.
 */
int peft_save(const struct model *m, const void *cfg, const char *dir, const char *base_name)
{
    const char *mine = is_lora(m) ? lora_file : other_file,
               *other = is_lora(m) ? other_file : lora_file;
    char *stale = path_join(dir, other);
    int rc = -1;

    if (make_dirs(dir) == 0) {
        unlink(stale); /* of another method that was saved here before */
        if (write_weights(m, dir) == 0)
            rc = json_write(is_lora(m) ? lora_config(m, cfg, base_name)
                                       : other_config(m, cfg, base_name),
                            dir, mine, JSON_SORT_KEYS);
    }
    free(stale);
    return rc;
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
        rc = fail(FAIL_INPUT, "'%s' names no method", other);
    if (peft && (!is_lora(m) || peft_flag(peft) != peft_flag(m->adapt)))
        method = peft->name;
    if (method && strcmp(method, m->adapt->name) != 0)
        rc = fail(FAIL_INPUT, "'%s' holds an adapter of the method '%s'; the model has '%s'", dir,
                  st_escaped(method), m->adapt->name);
    json_decref(j);
    free(other);
    free(lora);
    return rc;
}

/* PEFT over a bare encoder writes keys without the architecture's prefix. */
static const struct st_tensor *find(const struct safetensors *s, const char *key,
                                    const char *prefix)
{
    const struct st_tensor *t = st_find(s, key);
    size_t k = strlen(key_prefix), n = strlen(prefix);

    if (!t && strncmp(key, key_prefix, k) == 0 && strncmp(key + k, prefix, n) == 0) {
        char *bare = xprintf("%s%s", key_prefix, key + k + n);
        t = st_find(s, bare);
        free(bare);
    }
    return t;
}

static int check_shape(const struct peft_tensor *want, const struct st_tensor *t, const char *path)
{
    bool ok = want->is_vector ? t->n_dims == 1 && t->shape[0] == (size_t)want->cols
                              : t->n_dims == 2 && t->shape[0] == (size_t)want->rows &&
                                    t->shape[1] == (size_t)want->cols;
    char shape[ST_MAX_DIMS * 24] = "";

    for (int i = 0; i < t->n_dims; i++)
        sprintf(shape + strlen(shape), "%s%zu", i ? ", " : "", t->shape[i]);
    if (ok)
        return 0;
    if (want->is_vector)
        return fail(FAIL_INPUT, "tensor '%s' of '%s' has the shape [%s]; the model needs [%d]",
                    st_escaped(t->name), path, shape, want->cols);
    return fail(FAIL_INPUT, "tensor '%s' of '%s' has the shape [%s]; the model needs [%d, %d]",
                st_escaped(t->name), path, shape, want->rows, want->cols);
}

static bool of_head(const char *key)
{
    return strstr(key, "classifier.weight") || strstr(key, "classifier.bias");
}

/* Exactly the wanted tensors: FROM[i] is where want[i] is read. Without HEAD classifiers do not count:
 * from[i] NULL. */
static int match(const struct st_tensor **from, const struct peft_tensor *want, int n,
                 const struct safetensors *s, const char *prefix, const char *path, bool head)
{
    bool *used = xalloc((size_t)s->n, sizeof *used);
    int rc = 0;

    for (int i = 0; i < s->n && !head; i++)
        used[i] = of_head(s->t[i].name);
    for (int i = 0; i < n && rc == 0; i++) {
        if (!head && of_head(want[i].key))
            continue;
        from[i] = find(s, want[i].key, prefix);
        if (!from[i])
            rc = fail(FAIL_INPUT, "'%s' lacks the tensor '%s'", path, want[i].key);
        else
            rc = check_shape(&want[i], from[i], path);
        if (rc == 0)
            used[from[i] - s->t] = true;
    }
    for (int i = 0; i < s->n && rc == 0; i++)
        if (!used[i])
            rc = fail(FAIL_INPUT, "'%s' has the tensor '%s', which the model has no place for",
                      path, st_escaped(s->t[i].name));
    free(used);
    return rc;
}

static int read_weights(struct model *m, const struct safetensors *s, const char *path, bool head)
{
    struct peft_tensor *want;
    int n = peft_tensors(&want, m);
    const struct st_tensor **from = xalloc((size_t)n, sizeof *from);
    real *before = xalloc(m->n_train, sizeof *before);
    int rc = match(from, want, n, s, m->base->arch->prefix, path, head);

    memcpy(before, m->theta, m->n_train * sizeof *before);
    for (int i = 0; i < n && rc == 0; i++)
        rc = from[i] ? st_reals(want[i].x, s, from[i], size_of(&want[i])) : 0;
    if (rc != 0)
        memcpy(m->theta, before, m->n_train * sizeof *before);
    free(before);
    free(from);
    peft_tensors_free(want, n);
    return rc;
}

static int load(struct model *m, const char *dir, bool head)
{
    char *path = path_join(dir, weights_file);
    struct safetensors s;
    int rc = -1;

    if (check_method(m, dir) == 0 && st_open(&s, path) == 0) {
        rc = read_weights(m, &s, path, head);
        st_close(&s);
    }
    free(path);
    return rc;
}

int peft_fits(const struct model *m, const char *dir)
{
    char *path = path_join(dir, weights_file);
    struct safetensors s;
    int rc = check_method(m, dir) == 0 && st_open(&s, path) == 0 ? 0 : -1;

    if (rc == 0) {
        struct peft_tensor *want;
        int n = peft_tensors(&want, m);
        const struct st_tensor **from = xalloc((size_t)n, sizeof *from);
        rc = match(from, want, n, &s, m->base->arch->prefix, path, false);
        free(from);
        peft_tensors_free(want, n);
        st_close(&s);
    }
    free(path);
    return rc;
}

int peft_load(struct model *m, const char *dir)
{
    return load(m, dir, true);
}

int peft_begin(struct model *m, const char *dir)
{
    return load(m, dir, false);
}
