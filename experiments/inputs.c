/* inputs.c - facts of models and tasks, and what is loaded of them; each once per process. */
#include "experiments/inputs.h"
#include "experiments/adapted.h"
#include "core/base/file.h"
#include "experiments/fetch.h"
#include "results/store.h"

#include <stdlib.h>
#include <string.h>

/* A growing list of pointers: addresses stay when it grows. */
struct list {
    void **item;
    int n;
};
static struct list models, tasks, loaded, sets;

static void *list_add(struct list *v, size_t size)
{
    v->item = xgrow(v->item, (size_t)v->n + 1, sizeof *v->item);
    return v->item[v->n++] = xalloc(1, size);
}

/* sha256 of those of FILES that are in DIR, by name: "vocab.txt <sha>\n..." when there are more
 * than one. */
static int hash_some(char out[65], const char *dir, const char *const *files, bool all)
{
    char text[512] = "", sha[65] = "";
    int n = 0, rc = 0;

    for (; *files && rc == 0; files++) {
        char *path = path_join(dir, *files);
        if (all || file_exists(path)) {
            rc = hash_file(sha, path);
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s %s\n", *files, sha);
            n++;
        }
        free(path);
    }
    sha256_hex(out, text, strlen(text));
    return rc == 0 && n == 0 ? fail(FAIL_INPUT, "'%s' has no tokenizer files", dir) : rc;
}

static bool in_place(const struct st_tensor *t)
{
    return sizeof(real) == sizeof(float) && t->dtype == ST_F32 && t->n_dims > 1;
}

/* What only the weights' header tells. */
static void look_inside(struct model_facts *m, const char *weights)
{
    struct safetensors s;

    if (st_open(&s, weights) != 0)
        return; /* base_load says what is wrong */
    for (int i = 0; i < s.n; i++) {
        const char *at = strstr(s.t[i].name, "pooler.dense.weight");
        m->has_pooler |= at && (at == s.t[i].name || at[-1] == '.');
        m->is_mapped |= in_place(&s.t[i]);
        m->copied_bytes += in_place(&s.t[i]) ? 0 : s.t[i].count * sizeof(real);
    }
    st_close(&s);
}

/* One file of a model that was fetched. */
static int check_file(const char *dir, const struct model_file *f, const char *model)
{
    char *path = path_join(dir, f->path), sha[65];
    int rc = hash_file(sha, path);

    if (rc != 0)
        fail_context("model '%s' is incomplete ('lowrank fetch %s' fills it)", model, model);
    else if (strcmp(sha, f->sha256) != 0)
        rc = fail(FAIL_INPUT,
                  "'%s' has SHA-256 %s, not %s as model '%s' has it; remove '%s' and fetch it "
                  "again, or give a folder with a '/' to use what is there",
                  path, sha, f->sha256, model, dir);
    free(path);
    return rc;
}

int model_check(const char *name, const char *dir)
{
    char *top = home_path("models"), *fetched = path_join(top, name);
    char *file = xprintf("experiments/models/%s.yaml", name), *card = share_path(file);
    struct model_card c = { 0 };
    int rc = 0;

    if (!strchr(name, '/') && strcmp(dir, fetched) == 0 && file_exists(card))
        rc = model_card_load(&c, card);
    for (int i = 0; i < c.n_files && rc == 0; i++)
        rc = check_file(dir, &c.files[i], name);
    model_card_free(&c);
    free(card);
    free(file);
    free(fetched);
    free(top);
    return rc;
}

static int read_model(struct model_facts *m, const char *asked)
{
    static const char *const tok_files[] = { "vocab.txt", "tokenizer_config.json", "tokenizer.json",
                                             NULL };
    char *weights = NULL, *config = NULL;
    int rc = -1;

    m->dir = model_dir(asked);
    if (!m->dir || model_check(asked, m->dir) != 0) {
        free(m->dir);
        m->dir = NULL;
        return -1;
    }
    m->name = strchr(asked, '/') ? xstrdup(m->dir) : xstrdup(asked);
    weights = path_join(m->dir, "model.safetensors");
    config = path_join(m->dir, "config.json");
    if (dims_load(&m->dims, m->dir) != 0 || hash_file(m->weights, weights) != 0 ||
        hash_file(m->config, config) != 0 || hash_some(m->tokenizer, m->dir, tok_files, false) != 0)
        goto out;
    look_inside(m, weights);
    m->asked = xstrdup(asked);
    rc = 0;
out:
    free(weights);
    free(config);
    return rc;
}

const struct model_facts *model_facts(const char *model)
{
    for (int i = 0; i < models.n; i++) {
        struct model_facts *m = models.item[i];
        if (strcmp(m->asked, model) == 0 || strcmp(m->name, model) == 0)
            return m;
    }
    struct model_facts m = { 0 };
    if (read_model(&m, model) == 0)
        return memcpy(list_add(&models, sizeof m), &m, sizeof m);
    free(m.name);
    free(m.dir);
    free(m.dims.problem);
    return NULL;
}

/* What the task file means; its wording, title and licence may change without making new runs. */
static void hash_spec(char out[65], const struct task *t)
{
    json_t *labels = json_array(), *metrics = json_array();
    char range[80]; /* may be infinite, which JSON has no number for */

    snprintf(range, sizeof range, "%.17g %.17g", t->lo, t->hi);
    for (int i = 0; i < t->n_labels; i++)
        json_array_append_new(labels, json_string(t->labels[i]));
    for (int i = 0; i < t->n_metrics; i++)
        json_array_append_new(metrics, json_string(t->metrics[i]));
    json_t *j = json_pack("{s:b, s:b, s:i, s:s?, s:s?, s:s?, s:s, s:o, s:o}", "regression",
                          t->regression, "header", t->header, "format", (int)t->format, "text",
                          t->col_text, "pair", t->col_pair, "label", t->col_label, "range", range,
                          "labels", labels, "metrics", metrics);
    char *text = json_dumps(j, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(17));
    CHECK(text, "task '%s'", t->name);
    sha256_hex(out, text, strlen(text));
    free(text);
    json_decref(j);
}

/* The folder of a task's files, which are made first when the task says how. */
static char *data_dir(const struct task *t)
{
    char *dir = task_dir(t, NULL);

    if (dir || !t->prepare || task_prepare(t) != 0)
        return dir;
    return task_dir(t, NULL);
}

static int read_task(struct task_facts *t, const char *asked)
{
    char *yaml = data_check() == 0 ? task_file(asked) : NULL;
    int rc = yaml ? task_load(&t->task, yaml) : -1;

    if (rc == 0)
        rc = (t->dir = data_dir(&t->task)) ? task_labels(&t->task, t->dir) : -1;
    for (int s = 0; s < N_SPLITS && rc == 0; s++) {
        if (!t->task.file[s])
            continue;
        t->path[s] = path_join(t->dir, t->task.file[s]);
        rc = hash_file(t->file[s], t->path[s]);
    }
    if (rc == 0) {
        hash_spec(t->spec, &t->task);
        t->asked = xstrdup(asked);
        t->name = strchr(asked, '/') ? xstrdup(yaml) : xstrdup(asked);
    }
    free(yaml);
    return rc;
}

const struct task_facts *task_facts(const char *task)
{
    for (int i = 0; i < tasks.n; i++) {
        struct task_facts *t = tasks.item[i];
        if (strcmp(t->asked, task) == 0 || strcmp(t->name, task) == 0)
            return t;
    }
    struct task_facts t = { 0 };
    if (read_task(&t, task) == 0)
        return memcpy(list_add(&tasks, sizeof t), &t, sizeof t);
    task_free(&t.task);
    for (int s = 0; s < N_SPLITS; s++)
        free(t.path[s]);
    free(t.dir);
    return NULL;
}

json_t *facts_inputs(const struct model_facts *m, const struct task_facts *t)
{
    json_t *j = json_pack("{s:s, s:s, s:s, s:s}", "weights", m->weights, "config", m->config,
                          "tokenizer", m->tokenizer, "task", t->spec);

    for (int s = 0; s < N_SPLITS; s++)
        if (t->path[s])
            json_object_set_new(j, split_names[s], json_string(t->file[s]));
    return j;
}

/* The file of an adapter's numbers; NULL after fail. */
static char *adapter_file(const char *init_from)
{
    char *dir = adapter_dir(init_from, NULL), *path;

    path = dir ? path_join(dir, "adapter_model.safetensors") : NULL;
    free(dir);
    return path;
}

int facts_adapter(json_t *inputs, const char *init_from)
{
    char *path, sha256[65];

    if (!init_from || !*init_from)
        return 0;
    path = adapter_file(init_from);
    int rc = path && hash_file(sha256, path) == 0 ? 0 : fail_context("'init_from'");
    if (rc == 0)
        json_object_set_new(inputs, "adapter", json_string(sha256));
    free(path);
    return rc;
}

static int same_file(const json_t *inputs, const char *role, const char *path, const char *was)
{
    char now[65];
    const char *planned = json_string_value(json_object_get(inputs, role));

    if (hash_file(now, path) != 0)
        return -1;
    if (strcmp(now, was) != 0 || (planned && strcmp(planned, was) != 0))
        return fail(FAIL_INPUT,
                    "'%s' changed since the plan (%.8s, now %.8s); start the command again", path,
                    was, now);
    return 0;
}

int facts_check(const struct recipe *r)
{
    const struct model_facts *m = model_facts(r->run.model);
    const struct task_facts *t = m ? task_facts(r->run.task) : NULL;
    char *path;

    if (!t)
        return -1;
    path = path_join(m->dir, "model.safetensors");
    int rc = same_file(r->inputs, "weights", path, m->weights);
    free(path);
    path = path_join(m->dir, "config.json");
    rc = rc == 0 ? same_file(r->inputs, "config", path, m->config) : rc;
    free(path);
    for (int s = 0; s < N_SPLITS && rc == 0; s++)
        if (t->path[s])
            rc = same_file(r->inputs, split_names[s], t->path[s], t->file[s]);
    const char *adapter = json_string_value(json_object_get(r->inputs, "adapter"));
    if (adapter && rc == 0) {
        path = adapter_file(r->run.init_from);
        rc = path ? same_file(r->inputs, "adapter", path, adapter) : -1;
        free(path);
    }
    return rc;
}

/* Where it is the rule, because the build has double precision, it is no news. */
static void tell_unpacked(void)
{
    static bool told;

    if (!told && sizeof(real) == sizeof(float) && packed_lack())
        note("frozen weights multiply through OpenBLAS: %s", packed_lack());
    told = true;
}

struct inputs *inputs_get(const char *model)
{
    for (int i = 0; i < loaded.n; i++) {
        struct inputs *in = loaded.item[i];
        if (strcmp(in->model_name, model) == 0)
            return in;
    }
    char *dir = model_dir(model);
    struct inputs in = { .dir = dir };
    char *vocab = dir ? path_join(dir, "vocab.txt") : NULL;
    if (!dir || !(in.tok = tok_load(dir)))
        goto failed;
    if (file_exists(vocab) && sha256_file(in.tok_sha256, vocab) != 0)
        goto failed;
    if (base_load(&in.base, dir) != 0)
        goto failed;
    in.base.pack_dir = home_path("cache/packs");
    tell_unpacked();
    free(vocab);
    in.model_name = xstrdup(model);
    return memcpy(list_add(&loaded, sizeof in), &in, sizeof in);
failed:
    free(vocab);
    tok_free(in.tok);
    free(dir);
    return NULL;
}

/* A split as one run sees it. */
struct set {
    char *id;
    struct dataset d;
};

static int load_split(struct dataset *d, const struct recipe *r, const struct task_facts *t,
                      const struct inputs *in, enum split s, long limit)
{
    const struct model_facts *m = model_facts(r->run.model);

    if (!m)
        return -1;
    char *dir = home_path("cache/tokens");
    struct token_cache c = { dir, t->file[s], t->spec, m->tokenizer };
    int rc =
        dataset_cached(d, &t->task, s, t->dir, in->tok, r->train.max_len, limit, SUBSET_SEED, &c);
    free(dir);
    return rc;
}

const struct dataset *data_get(const struct recipe *r, enum split s, bool *absent)
{
    const struct task_facts *t = task_facts(r->run.task);
    struct inputs *in = t ? inputs_get(r->run.model) : NULL;
    long limit = s == SPLIT_TRAIN ? r->train.train_n : r->train.dev_n;

    if (absent)
        *absent = t && !t->path[s];
    if (!in || !t->path[s])
        return NULL;
    char *id = xprintf("%s\n%s\n%d\n%ld\n%ld", t->name, in->dir, (int)s, r->train.max_len, limit);
    for (int i = 0; i < sets.n; i++) {
        struct set *set = sets.item[i];
        if (strcmp(set->id, id) == 0) {
            free(id);
            return &set->d;
        }
    }
    struct set set = { .id = id };
    if (load_split(&set.d, r, t, in, s, limit) != 0) {
        free(id);
        return NULL;
    }
    if (strcmp(set.d.sha256, t->file[s]) != 0) {
        fail(FAIL_INPUT, "'%s' changed since the plan; start the command again", t->path[s]);
        dataset_free(&set.d);
        free(id);
        return NULL;
    }
    if (limit > set.d.n && s != SPLIT_TEST)
        warn("'%s' is %ld, but '%s' has %d examples; all are taken",
             s == SPLIT_TRAIN ? "train_n" : "dev_n", limit, t->path[s], set.d.n);
    int rows = recipe_rows(r); /* what they cost is not to be overlooked */
    if (set.d.n_truncated)
        (rows > 0 && rows + r->train.max_len == in->base.dims.max_pos ? warn : detail)(
            "%s: %ld of %d examples cut to %ld tokens", t->path[s], set.d.n_truncated, set.d.n,
            r->train.max_len);
    struct set *kept = memcpy(list_add(&sets, sizeof set), &set, sizeof set);
    return &kept->d;
}

int data_all(struct run_data *d, const struct recipe *r)
{
    const struct task_facts *t = task_facts(r->run.task);

    if (!t)
        return -1;
    *d = (struct run_data){ .task = &t->task };
    for (int s = 0; s < N_SPLITS; s++) {
        bool absent;
        d->split[s] = data_get(r, (enum split)s, &absent);
        if (!d->split[s] && absent && s != SPLIT_TEST)
            return fail(FAIL_USAGE, "task '%s' has no %s split", t->name, split_names[s]);
        if (!d->split[s] && !absent)
            return -1;
    }
    return 0;
}
