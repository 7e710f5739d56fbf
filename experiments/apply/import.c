/* import.c - an adapter that another program trained, as a finished run of the store. */
#include "experiments/apply/import.h"

#include "core/os/file.h"
#include "experiments/apply/adapted.h"
#include "experiments/assets/adapter_files.h"
#include "experiments/assets/find.h"
#include "experiments/assets/hash.h"
#include "experiments/recipe/recipe.h"
#include "results/query/query.h"
#include "results/store/lease.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LEASE_S = 60 };
static const char weights_name[] = "adapter_model.safetensors",
                  config_name[] = "adapter_config.json", record_name[] = "lowrank_adapter.json";

struct import {
    const struct import_spec *spec;
    struct session *session;
    const struct model_facts *model;
    char *folder;                      /* full path */
    char *weights_file;                /* in it */
    char weights[65], config_file[65]; /* SHA-256 of its two files */
    long trainable, head, total;
    json_t *config;
    char key[65], cell[65];
};

static void import_free(struct import *im)
{
    json_decref(im->config);
    free(im->weights_file);
    free(im->folder);
}

/* --- the folder */

static int find_folder(struct import *im)
{
    const char *asked = im->spec->folder;
    char key[17], *dir = adapter_dir(im->session->home, asked, key);
    int rc = dir ? 0 : -1;

    if (dir && *key)
        rc = fail(FAIL_USAGE, "'%s' is a run of this store; analyses take its study", asked);
    else if (dir && !file_in(dir, config_name))
        rc = fail(FAIL_INPUT, "'%s' has no %s; 'lowrank convert' makes a folder of a loralib file",
                  dir, config_name);
    else if (dir && !file_in(dir, weights_name))
        rc =
            fail(FAIL_INPUT, "'%s' has no %s; PEFT's save_pretrained writes it", dir, weights_name);
    im->folder = rc == 0 ? find_path(dir, FAIL_INPUT) : NULL;
    free(dir);
    return im->folder ? 0 : -1;
}

static int hash_folder(struct import *im)
{
    char *config = path_join(im->folder, config_name);

    im->weights_file = path_join(im->folder, weights_name);
    int rc = hash_file(im->weights, im->session, im->weights_file) == 0
                 ? hash_file(im->config_file, im->session, config)
                 : -1;
    free(config);
    return rc;
}

/* --- the recipe */

/* What an adapter's folder knows of its training. */
static json_t *known_settings(const struct adapted *a)
{
    static const char *const keys[] = { "rank",         "alpha",        "targets",
                                        "adapt_layers", "rank_pattern", "alpha_pattern" };
    json_t *config = json_pack("{s:s}", "method", a->method->name);

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const struct opt *o = opt_find(a->method->opts, keys[i]);
        if (o && !adapt_unused(o, a->cfg))
            json_object_set_new(config, o->key, recipe_value(o, a->cfg));
    }
    /* how the classifier reads the hidden states, so that a command that finds the adapter by its
     * key computes what it computes with the folder */
    if (a->has_head && !a->base.arch->causal) {
        json_object_set_new(config, "pooling",
                            json_string(a->model.head.pooling == POOL_MEAN ? "mean" : "cls"));
        json_object_set_new(config, "pool_scale", json_real(a->model.head.pool_scale));
    }
    return config;
}

/* A wrong base model would be recorded as a fact; other commands only warn of it. */
static int check_model(struct import *im)
{
    im->model = model_facts(im->session, im->spec->model);
    return im->model && adapter_trained_on(im->session, im->folder, im->spec->model,
                                           im->model->weights) >= 0
               ? 0
               : -1;
}

static int read_adapter(struct import *im)
{
    struct adapted a;

    if (adapted_open(&a, im->session, im->spec->model, im->folder, im->spec->pooling) != 0)
        return -1;
    im->config = known_settings(&a);
    im->trainable = (long)a.model.n_train;
    im->head = (long)a.model.n_train_head;
    im->total = (long)a.model.n_total;
    adapted_close(&a);
    return 0;
}

static void hash_import(char out[65], const struct import *im, bool one)
{
    json_t *config = json_deep_copy(im->config);
    json_t *inputs = json_pack("{s:s}", "weights", im->model->weights);

    if (one) {
        json_object_set_new(inputs, "imported", json_string(im->weights));
        json_object_set_new(inputs, "config", json_string(im->config_file));
        json_object_set_new(config, "seed", json_integer(im->spec->seed));
    }
    json_t *all = json_pack("{s:o, s:o}", "config", config, "inputs", inputs);
    char *text = json_dumps(all, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(17));
    CHECK(text, "no canonical text");
    sha256_hex(out, text, strlen(text));
    free(text);
    json_decref(all);
}

static void make_keys(struct import *im)
{
    hash_import(im->key, im, true);
    hash_import(im->cell, im, false);
    json_object_set_new(im->config, "model", json_string(im->model->name));
    if (im->spec->task)
        json_object_set_new(im->config, "task", json_string(im->spec->task));
    json_object_set_new(im->config, "seed", json_integer(im->spec->seed));
}

/* --- the store */

static int check_study(struct store *s, const char *study)
{
    const char *const params[] = { "study", study, NULL };
    struct rows r;

    if (query_named(s, &r, "cmd_studies", params) != 0)
        return -1;
    bool other = r.n_rows > 0 && strcmp(rows_get(&r, 0, "imported"), "1") != 0;
    rows_free(&r);
    return other ? fail(FAIL_USAGE,
                        "the study '%s' has runs that were trained here; imported adapters need "
                        "another --study",
                        study)
                 : 0;
}

static int copy_files(const struct import *im, const char *under)
{
    char *dir = home_path(im->session->home, under), *last = path_join(dir, "last");
    int rc = make_dirs(last);

    if (rc == 0)
        rc = file_copy_there(im->folder, last, config_name);
    if (rc == 0)
        rc = file_copy_there(im->folder, last, record_name);
    if (rc == 0)
        rc = file_copy_there(im->folder, last, weights_name);
    free(last);
    free(dir);
    return rc;
}

static int note_input(struct store *s, const struct lease *l, const char *role, const char *path,
                      const char *sha256)
{
    struct stat st;

    return lease_input(s, l, role, path, sha256, stat(path, &st) == 0 ? (long)st.st_size : 0);
}

/* The attempt has no environment: nobody knows where the adapter was trained. */
static int finish_run(struct store *s, const struct import *im, const char *under)
{
    const struct attempt_end end = { .state = STATE_DONE,
                                     .trainable = im->trainable,
                                     .trainable_head = im->head,
                                     .total_params = im->total,
                                     .formula_count = im->trainable - im->head,
                                     .adapter_dir = under };
    struct lease l;
    int rc = lease_take(s, NULL, im->key, LEASE_S, &l);

    if (rc <= 0)
        return rc < 0 ? -1 : fail(FAIL_RUN, "another process is importing run %.8s", im->key);
    rc = note_input(s, &l, "weights", im->model->file[0].path, im->model->weights);
    if (rc >= 0)
        rc = note_input(s, &l, "imported", im->weights_file, im->weights);
    if (rc >= 0)
        rc = lease_finish(s, &l, &end, false);
    if (rc == 0)
        rc = fail(FAIL_RUN, "another process has taken over run %.8s", im->key);
    lease_free(&l);
    return rc > 0 ? 0 : -1;
}

static int record_run(struct store *s, const struct import *im)
{
    char *under = xprintf("adapters/%.16s", im->key);
    char *config = json_dumps(im->config, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(15));
    const struct sweep_spec w = { im->spec->study, "{\"axes\":{},\"imported\":1}", true };
    const struct run_spec run = {
        .key = im->key, .cell = im->cell, .point = im->cell, .trial = "{}", .config = config
    };
    int rc = check_study(s, im->spec->study), state = -1;

    if (rc == 0)
        rc = copy_files(im, under);
    if (rc == 0)
        rc = store_plan(s, &w, &run, 1) < 0 ? -1 : 0;
    if (rc == 0 && (state = store_state(s, im->key)) < 0)
        rc = -1;
    if (rc == 0 && state != STATE_DONE)
        rc = finish_run(s, im, under);
    free(config);
    free(under);
    return rc;
}

static int put_into_store(const struct import *im)
{
    char *path = home_path(im->session->home, "lowrank.db");
    struct store *s = NULL;
    int rc = make_dirs(im->session->home);

    if (rc == 0)
        rc = store_open(&s, path, STORE_WRITE);
    if (rc == 0)
        rc = record_run(s, im);
    store_close(s);
    free(path);
    return rc;
}

static int check_task(const char *task)
{
    char *path = task ? find_task(task) : NULL;
    bool ok = !task || path;

    free(path);
    return ok ? 0 : -1;
}

int import_adapter(char key[65], struct session *s, const struct import_spec *spec)
{
    struct import im = { .spec = spec, .session = s };
    int rc = check_task(spec->task);

    if (rc == 0)
        rc = find_folder(&im);
    if (rc == 0)
        rc = check_model(&im);
    if (rc == 0)
        rc = read_adapter(&im);
    if (rc == 0)
        rc = hash_folder(&im);
    if (rc == 0) {
        make_keys(&im);
        rc = put_into_store(&im);
        memcpy(key, im.key, sizeof im.key);
    }
    import_free(&im);
    return rc;
}
