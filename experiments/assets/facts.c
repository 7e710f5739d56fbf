/* facts.c - facts of models and tasks, each looked up once per process. */
#include "experiments/assets/facts.h"
#include "core/base/file.h"
#include "experiments/assets/fetch.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A growing list of pointers: addresses stay when it grows. */
struct list {
    void **item;
    int n;
};
static struct list models, tasks;

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
        return; /* base_model_load says what is wrong */
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
