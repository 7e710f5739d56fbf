/* adapter_files.c - where an adapter is, and which weights it was trained on. */
#include "experiments/assets/adapter_files.h"
#include "core/format/json.h"
#include "core/format/weights.h"
#include "core/os/file.h"
#include "experiments/assets/hash.h"

#include "results/query/recorded.h"
#include "results/store/store.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { SHORTEST_KEY = 4 };

static char *run_adapter_dir(const char *home, const char *prefix, char key[17])
{
    char *top = home_path(home, "adapters"), *dir = NULL;
    size_t n = strlen(prefix) < 16 ? strlen(prefix) : 16;
    DIR *d = opendir(top);
    const struct dirent *e;
    int found = 0;

    while (d && n >= SHORTEST_KEY && (e = readdir(d)))
        if (strlen(e->d_name) == 16 && strncmp(e->d_name, prefix, n) == 0) {
            snprintf(key, 17, "%.16s", e->d_name);
            found++;
        }
    if (d)
        closedir(d);
    if (found == 1)
        dir = xprintf("%s/%s/last", top, key);
    else if (found > 1)
        fail(FAIL_USAGE, "%d runs in '%s' have keys that begin with '%s'; give more digits", found,
             top, prefix);
    else
        fail(FAIL_INPUT,
             "there is no folder '%s', and no run in '%s' has a key that begins with it", prefix,
             top);
    free(top);
    return dir;
}

char *adapter_dir(const char *home, const char *adapter, char key[17])
{
    char unused[17];

    key = key ? key : unused;
    *key = 0;
    if (!file_exists(adapter) && !strchr(adapter, '/'))
        return run_adapter_dir(home, adapter, key);
    char *last = path_join(adapter, "last"); /* a run's folder holds "last" and "best" */
    bool of_run = file_exists(last);
    char *dir = of_run ? xstrdup(last) : xstrdup(adapter);
    free(last);
    return dir;
}

struct origin {
    char *model;      /* its name or folder; NULL: unknown */
    char weights[65]; /* SHA-256; "": unknown */
};

/* From the store, of the run whose key begins with KEY. */
static int origin_from_run(struct origin *o, const char *home, const char *key)
{
    char *path = home_path(home, "lowrank.db");
    struct store *store = NULL;
    struct recorded_run r = { 0 };
    int rc = 0;

    if (file_exists(path) &&
        (store_open(&store, path, STORE_READ) != 0 || recorded_run(&r, store, key) < 0))
        rc = -1;
    else if (r.model && *r.weights) {
        o->model = xstrdup(r.model);
        snprintf(o->weights, sizeof o->weights, "%s", r.weights);
    }
    recorded_run_free(&r);
    store_close(store);
    free(path);
    return rc;
}

static char *base_model_name(const char *dir)
{
    static const char *const files[] = { "adapter_config.json", "lowrank_adapter.json" };
    char *name = NULL;

    for (size_t i = 0; i < ARRAY_LEN(files) && !name; i++) {
        char *path = path_join(dir, files[i]);
        json_t *j = file_exists(path) ? json_read(path) : NULL;
        const char *text = json_string_value(json_object_get(j, "base_model_name_or_path"));
        name = text && *text ? xstrdup(text) : NULL;
        json_decref(j);
        free(path);
    }
    return name;
}

static int hash_in_session(char out[65], void *session, const char *path)
{
    return hash_file(out, session, path);
}

/* The model that the adapter's folder names, and the hash of its weights if the model is here;
 * nothing is made or fetched for that. */
static int origin_from_folder(struct origin *o, struct session *s, const char *dir)
{
    char *models = home_path(s->home, "models");

    free(o->model);
    o->model = base_model_name(dir);
    char *base = !o->model               ? NULL
                 : strchr(o->model, '/') ? xstrdup(o->model)
                                         : path_join(models, o->model);
    char *file =
        base && weights_are_in(base, WEIGHTS_OF_MODEL) ? weights_in(base, WEIGHTS_OF_MODEL) : NULL;
    int rc = file ? weights_key(o->weights, file, hash_in_session, s) : 0;
    free(file);
    free(base);
    free(models);
    return rc;
}

int adapter_trained_on(struct session *s, const char *adapter, const char *model,
                       const char *weights)
{
    char key[17], *dir = adapter_dir(s->home, adapter, key);
    struct origin o = { 0 };
    int rc = dir ? 0 : -1;

    if (rc == 0 && *key)
        rc = origin_from_run(&o, s->home, key);
    if (rc == 0 && !*o.weights)
        rc = origin_from_folder(&o, s, dir);
    if (rc == 0 && *o.weights && strcmp(o.weights, weights) != 0) {
        fail(
            FAIL_INPUT,
            "adapter '%s' was trained on other weights than those of '%s' (SHA-256 %.8s): on those "
            "of '%s' (%.8s)",
            adapter, model, weights, o.model, o.weights);
        rc = ADAPTER_OF_OTHERS;
    } else if (rc == 0)
        rc = *o.weights || (o.model && strcmp(o.model, model) == 0);
    free(o.model);
    free(dir);
    return rc;
}
