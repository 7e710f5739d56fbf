/* model_facts.c - what is known of a model before its weights are loaded. */
#include "experiments/assets/model_facts.h"
#include "core/os/file.h"
#include "core/text/tok.h"
#include "experiments/assets/hash.h"
#include "experiments/assets/model_dir.h"
#include "experiments/assets/truncate.h"
#include "experiments/sources/model_card.h"

#include <stdlib.h>
#include <string.h>

/* A hash of those of the tokenizer's files that matter: SHA-256 of the lines "NAME SHA-256". 1:
 * there are none, and they are OPTIONAL. */
static int hash_tokenizer(char out[65], struct session *s, const char *dir, bool optional)
{
    struct text lines = { 0 };
    char sha[65] = "";
    int n = 0, rc = 0;

    for (const char *const *files = tok_files; *files && rc == 0; files++) {
        char *path = path_join(dir, *files);
        if (tok_file_matters(dir, *files)) {
            rc = hash_file(sha, s, path);
            text_add(&lines, "%s %s\n", *files, sha);
            n++;
        }
        free(path);
    }
    sha256_hex(out, text_string(&lines), lines.n);
    text_free(&lines);
    if (rc == 0 && n == 0 && optional)
        return 1;
    return rc == 0 && n == 0 ? fail(FAIL_INPUT, "'%s' has no tokenizer files", dir) : rc;
}

struct files_found {
    struct model_facts *m;
    struct session *s;
};

static int hash_weights_file(char out[65], void *arg, const char *path)
{
    struct files_found *a = arg;
    struct model_facts *m = a->m;

    if (hash_file(out, a->s, path) != 0)
        return -1;
    m->file = xgrow(m->file, (size_t)m->n_files + 1, sizeof *m->file);
    struct weights_file *f = &m->file[m->n_files++];
    f->path = xstrdup(path);
    memcpy(f->sha256, out, sizeof f->sha256);
    return 0;
}

/* Is it used where the file is mapped? */
static bool in_place(const struct st_tensor *t)
{
    return sizeof(real) == sizeof(float) && t->dtype == ST_F32 && t->n_dims > 1 && !t->is_strided;
}

/* What only the header of the weights says. */
static int read_header(struct model_facts *m, const char *weights)
{
    bool gguf = weights_path_is_gguf(weights);
    struct weights w;

    if (weights_open(&w, weights) != 0)
        return -1;
    for (int i = 0; i < w.n; i++) {
        const struct st_tensor *t = &w.t[i];
        const char *at = strstr(t->name, "pooler.dense.weight");
        m->has_pooler |= at && (at == t->name || at[-1] == '.');
        if (gguf && t->n_dims > 1 && strncmp(t->name, "blk.", 4) == 0)
            continue; /* decoded when it is packed */
        m->is_mapped |= !gguf && in_place(t);
        m->copied_bytes += !gguf && in_place(t) ? 0 : t->count * sizeof(real);
    }
    weights_close(&w);
    return 0;
}

static int check_fetched_file(struct session *s, const char *dir, const struct model_file *f,
                              const char *model)
{
    char *path = path_join(dir, f->path), sha[65];
    int rc = hash_file(sha, s, path);

    if (rc != 0)
        fail_context("model '%s' is incomplete ('lowrank fetch %s' completes it)", model, model);
    else if (strcmp(sha, f->sha256) != 0)
        rc = fail(FAIL_INPUT,
                  "'%s' has SHA-256 %s, not %s as the card of model '%s' says; remove '%s' and "
                  "fetch it again, or give the folder as a path with a '/' to use it as it is",
                  path, sha, f->sha256, model, dir);
    free(path);
    return rc;
}

int model_facts_check(struct session *s, const char *name, const char *dir)
{
    char *top = home_path(s->home, "models"), *fetched = path_join(top, name);
    char *file = xprintf("experiments/models/%s.yaml", name), *card = share_path(file);
    struct model_card c = { 0 };
    int rc = 0;

    if (!strchr(name, '/') && strcmp(dir, fetched) == 0 && file_exists(card))
        rc = model_card_load(&c, card);
    for (int i = 0; i < c.n_files && rc == 0; i++)
        rc = check_fetched_file(s, dir, &c.files[i], name);
    model_card_free(&c);
    free(card);
    free(file);
    free(fetched);
    free(top);
    return rc;
}

char *model_facts_config(const char *dir)
{
    char *gguf = dims_gguf(dir);

    return gguf ? gguf : path_join(dir, "config.json");
}

/* The folder of a truncated model that is not made yet, for a plan: that of the whole model, which
 * has the same shapes and takes the same time. What it will contain is not known, so that its hash
 * stands for that only. 1: so it is; 0: it is there, or another kind of model. */
static int planned_dir(char **dir, struct session *s, const char *asked, long *rank)
{
    char *of = NULL, *made = xprintf("models/%s", asked), *path = home_path(s->home, made);
    int rc = s->planning && !model_dir_is(path) ? truncate_name(asked, &of, rank) : 0;

    if (rc > 0) {
        *dir = model_dir(s->home, of);
        rc = *dir ? 1 : -1;
    }
    free(path);
    free(made);
    free(of);
    return rc;
}

static void planned_hash(char weights[65], long rank)
{
    char *text = xprintf("%s truncated to rank %ld", weights, rank);

    sha256_hex(weights, text, strlen(text));
    free(text);
}

static int read_model(struct model_facts *m, struct session *s, const char *asked)
{
    char *weights = NULL, *config = NULL;
    long rank = 0;
    int rc = -1, tokenizer = 0, planned = planned_dir(&m->dir, s, asked, &rank);

    if (planned == 0)
        m->dir = model_dir(s->home, asked);
    if (planned < 0 || !m->dir || model_facts_check(s, asked, m->dir) != 0)
        return -1;
    m->name = strchr(asked, '/') ? xstrdup(m->dir) : xstrdup(asked);
    weights = weights_in(m->dir, WEIGHTS_OF_MODEL);
    config = model_facts_config(m->dir);
    bool gguf = weights && weights_path_is_gguf(weights);
    if (!weights || dims_load(&m->dims, m->dir) != 0 ||
        weights_key(m->weights, weights, hash_weights_file, &(struct files_found){ m, s }) != 0 ||
        hash_file(m->config, s, config) != 0 ||
        (tokenizer = hash_tokenizer(m->tokenizer, s, m->dir, gguf)) < 0)
        goto out;
    if (tokenizer > 0) /* it is in the GGUF file */
        memcpy(m->tokenizer, m->weights, sizeof m->tokenizer);
    if (planned)
        planned_hash(m->weights, rank);
    if (planned && rank > m->dims.d_model) {
        fail(FAIL_USAGE, "model '%s': its matrices have a rank of at most %d", asked,
             m->dims.d_model);
        goto out;
    }
    if (read_header(m, weights) != 0)
        goto out;
    m->asked = xstrdup(asked);
    rc = 0;
out:
    free(weights);
    free(config);
    return rc;
}

static void facts_free(void *item)
{
    struct model_facts *m = item;

    free(m->asked);
    free(m->name);
    free(m->dir);
    free(m->dims.problem);
    for (int i = 0; i < m->n_files; i++)
        free(m->file[i].path);
    free(m->file);
}

const struct model_facts *model_facts(struct session *s, const char *model)
{
    for (int i = 0; i < s->model_facts.n; i++) {
        const struct model_facts *m = s->model_facts.item[i];
        if (strcmp(m->asked, model) == 0 || strcmp(m->name, model) == 0)
            return m;
    }
    struct model_facts m = { 0 };
    if (read_model(&m, s, model) == 0)
        return session_add(&s->model_facts, &m, sizeof m, facts_free);
    facts_free(&m);
    return NULL;
}
