/* inputs.c - facts of models and tasks, and what is loaded of them; each once per process. */
#include "experiments/recipe/inputs.h"
#include "experiments/assets/adapter_files.h"
#include "core/base/file.h"
#include "results/store/store.h"

#include <stdlib.h>
#include <string.h>

/* A growing list of pointers: addresses stay when it grows. */
struct list {
    void **item;
    int n;
};
static struct list loaded, sets;

static void *list_add(struct list *v, size_t size)
{
    v->item = xgrow(v->item, (size_t)v->n + 1, sizeof *v->item);
    return v->item[v->n++] = xalloc(1, size);
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
    if (base_model_load(&in.base, dir) != 0)
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
    int rc = token_cache_dataset(d, &t->task, s, t->dir, in->tok, r->train.max_len, limit,
                                 SUBSET_SEED, &c);
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
