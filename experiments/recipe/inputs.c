/* inputs.c - the files that a run reads, by content. */
#include "experiments/recipe/inputs.h"
#include "core/os/file.h"
#include "experiments/assets/adapter_files.h"
#include "experiments/assets/hash.h"

#include <stdlib.h>
#include <string.h>

json_t *inputs_of(const struct model_facts *m, const struct task_facts *t)
{
    json_t *j = json_pack("{s:s, s:s, s:s, s:s}", "weights", m->weights, "config", m->config,
                          "tokenizer", m->tokenizer, "task", t->spec);

    for (int s = 0; s < N_SPLITS; s++)
        if (t->path[s])
            json_object_set_new(j, split_names[s], json_string(t->file[s]));
    return j;
}

/* The file that holds an adapter's weights; NULL after fail. */
static char *adapter_file(const char *home, const char *init_from)
{
    char *dir = adapter_dir(home, init_from, NULL), *path;

    path = dir ? path_join(dir, "adapter_model.safetensors") : NULL;
    free(dir);
    return path;
}

int inputs_add_adapter(json_t *inputs, struct session *s, const char *init_from)
{
    char *path, sha256[65];

    if (!init_from || !*init_from)
        return 0;
    path = adapter_file(s->home, init_from);
    bool found = path && hash_file(sha256, s, path) == 0;
    free(path);
    if (found)
        return json_object_set_new(inputs, "adapter", json_string(sha256));
    fail_context("'init_from'");
    return fail_about("init_from");
}

static int check_file(const struct recipe *r, const char *role, const char *path, const char *was)
{
    char now[65];
    const char *planned = json_string_value(json_object_get(r->inputs, role));

    if (hash_file(now, r->session, path) != 0)
        return -1;
    if (strcmp(now, was) != 0 || (planned && strcmp(planned, was) != 0))
        return fail(FAIL_INPUT,
                    "'%s' changed since the plan (%.8s, now %.8s); start the command again", path,
                    was, now);
    return 0;
}

int inputs_check(const struct recipe *r)
{
    const struct model_facts *m = r->model;
    const struct task_facts *t = r->task;
    char *path = path_join(m->dir, "model.safetensors");

    int rc = check_file(r, "weights", path, m->weights);
    free(path);
    path = path_join(m->dir, "config.json");
    rc = rc == 0 ? check_file(r, "config", path, m->config) : rc;
    free(path);
    for (int s = 0; s < N_SPLITS && rc == 0; s++)
        if (t->path[s])
            rc = check_file(r, split_names[s], t->path[s], t->file[s]);
    const char *adapter = json_string_value(json_object_get(r->inputs, "adapter"));
    if (adapter && rc == 0) {
        path = adapter_file(r->session->home, r->run.init_from);
        rc = path ? check_file(r, "adapter", path, adapter) : -1;
        free(path);
    }
    return rc;
}
