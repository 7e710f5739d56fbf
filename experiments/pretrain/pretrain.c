/* pretrain.c - text, tokenizer, model, training, and the folder that is written. */
#include "experiments/pretrain/pretrain.h"

#include "core/adapt/adapt.h"
#include "core/format/json.h"
#include "core/os/cpu.h"
#include "core/os/file.h"
#include "core/text/bpe_train.h"
#include "core/train/train.h"
#include "experiments/pretrain/pretrain_run.h"
#include "experiments/study/study_flags.h"
#include "results/query/query.h"

#include <stdlib.h>
#include <string.h>

#define AT(f) offsetof(struct pretrain_cfg, f)
const struct opt pretrain_opts[] = {
    { "vocab", 0, OPT_INT, AT(vocab), "8192", BPE_TRAIN_LEAST, 1000000, NULL,
      "tokens of the vocabulary, which is learned from the text: <|endoftext|>, 256 bytes, and "
      "merges" },
    { "least", 0, OPT_INT, AT(least), "2", 1, 1e9, NULL,
      "a merge joins a pair that occurs at least so often" },
    { "layers", 0, OPT_INT, AT(layers), "6", 1, 1000, NULL, "blocks of the model" },
    { "width", 0, OPT_INT, AT(width), "384", 1, 65536, NULL, "size of hidden states" },
    { "heads", 0, OPT_INT, AT(heads), "6", 1, 65536, NULL,
      "attention heads, which divide the width" },
    { "context", 0, OPT_INT, AT(context), "256", 2, 1048576, NULL,
      "tokens of an example and positions of the model" },
    { "batch", 0, OPT_INT, AT(batch), "32", 1, 1000000, NULL, "examples per optimizer step" },
    { "steps", 0, OPT_INT, AT(steps), "0", 0, 1e9, NULL, "optimizer steps; 0: those of --epochs" },
    { "epochs", 0, OPT_INT, AT(epochs), "1", 1, 1e6, NULL, "passes over the text" },
    { "lr", 0, OPT_REAL, AT(lr), "0.001", 1e-9, 10, NULL,
      "highest learning rate; it falls as a cosine to 0" },
    { "warmup", 0, OPT_REAL, AT(warmup), "0.02", 0, 1e9, NULL,
      "the learning rate rises in this share of the steps, or from 1 on in so many steps" },
    { "weight_decay", 0, OPT_REAL, AT(weight_decay), "0.1", 0, 10, NULL, "weight decay of AdamW" },
    { "clip", 0, OPT_REAL, AT(clip), "1", 0, 1e9, NULL,
      "largest norm of the gradient; 0: no clipping" },
    { "dropout", 0, OPT_REAL, AT(dropout), "0", 0, 0.99, NULL, "dropout everywhere in the model" },
    { "held_out", 0, OPT_REAL, AT(held_out), "0.01", 1e-6, 0.5, NULL,
      "share of the text that is not trained on and measures the model; at most 1 MB" },
    { "eval_every", 0, OPT_INT, AT(eval_every), "0", 0, 1e9, NULL,
      "steps between measurements; 0: ten in all" },
    { "megabytes", 0, OPT_REAL, AT(megabytes), "0", 0, 1e6, NULL,
      "read the documents in the first so many million bytes of the text; 0: all" },
    { "blank_lines", 0, OPT_INT, AT(blank), "1", 1, 1000, NULL,
      "empty lines in a row that end a document" },
    { "seed", 0, OPT_INT, AT(seed), "1", 0, OPT_MOST_INT, NULL,
      "of the initial values, the order of the examples, and what is held out" },
    { "threads", 't', OPT_INT, AT(threads), "0", 0, 256, NULL,
      "0: one per core; results do not depend on it" },
    HOME_OPTION(struct pretrain_cfg),
    FORMAT_OPTION(struct pretrain_cfg),
    { .type = OPT_END },
};

static int check_shape(const struct pretrain_cfg *c)
{
    if (c->width % c->heads != 0)
        return fail_setting("heads", "'--heads' must divide '--width' (%ld), and %ld does not",
                            c->width, c->heads);
    return 0;
}

/* --- the folder */

static const char note_name[] = "pretrained.json";

static bool folder_is_empty(const char *dir)
{
    glob_t found = path_glob(dir, "*");
    bool empty = found.gl_pathc == 0;

    globfree(&found);
    return empty;
}

/* The run that DIR belongs to, which the caller frees; NULL: it has no note. */
static char *folder_run(const char *dir)
{
    char *path = path_join(dir, note_name), *key = NULL;

    if (file_exists(path)) {
        json_t *j = json_read(path);
        const char *s = j ? json_string_value(json_object_get(j, "run")) : NULL;
        key = s ? xstrdup(s) : NULL;
        json_decref(j);
    }
    free(path);
    return key;
}

/* The numbers of the documents that are held out, from 1. */
static json_t *held_out_list(const struct corpus *c)
{
    json_t *list = json_array();

    for (int i = 0; i < c->n; i++)
        if (c->doc[i].held_out)
            json_array_append_new(list, json_integer(i + 1));
    return list;
}

/* The folder of a run that failed before its training began may be taken. */
static int claim_folder(const char *dir, const struct pretrain_run *r)
{
    char *key = folder_run(dir);
    int rc = 0;

    if (key && strcmp(key, r->key) != 0 &&
        (file_in(dir, "model.safetensors") || store_state(r->store, key) != (int)STATE_NEW))
        rc = fail(FAIL_USAGE,
                  "'%s' has the model of another run (%.8s); choose another folder, or remove it",
                  dir, key);
    else if (!key && !folder_is_empty(dir))
        rc = fail(FAIL_USAGE, "'%s' is not empty; the model needs a folder of its own", dir);
    free(key);
    if (rc != 0 || make_dirs(dir) != 0)
        return -1;
    json_t *j = json_pack("{s:s, s:s, s:O, s:o}", "run", r->key, "text_sha256", r->corpus.sha256,
                          "settings", r->config, "held_out", held_out_list(&r->corpus));
    return json_write(j, dir, note_name, JSON_REAL_PRECISION(15));
}

/* --- the parts of the model */

static int learn_tokens(const struct pretrain_cfg *c, const struct corpus *text, const char *dir)
{
    struct bpe_train *t = bpe_train_new();
    int n = 0;

    for (int i = 0; i < text->n && !stop_requested(); i++) {
        const struct document *d = &text->doc[i];
        if (!d->held_out)
            bpe_train_add(t, text->text.s + d->at, d->size);
        progress("tokenizer: counting words in document %d of %d", i + 1, text->n);
    }
    int rc = stop_check() == 0 ? 0 : -1;
    if (rc == 0 && (n = bpe_train_merge(t, (int)c->vocab, c->least)) < 0)
        rc = -1;
    if (rc == 0 && n < c->vocab)
        rc = fail(FAIL_USAGE,
                  "'--vocab' is %ld, but the text has pairs that occur %ld times or more for only "
                  "%d tokens",
                  c->vocab, c->least, n);
    if (rc == 0)
        rc = bpe_train_write(t, dir, (int)c->context);
    bpe_train_free(t);
    return rc;
}

static int make_model(struct pretrain_run *r, const char *dir)
{
    const struct pretrain_cfg *c = r->cfg;
    const struct adapt *ft = adapt_find("ft");
    const struct head head = { .pooling = POOL_NONE,
                               .pool_scale = 1,
                               .hidden_dropout = c->dropout,
                               .attn_dropout = c->dropout };
    void *none = xalloc(1, ft->cfg_size);
    int rc = start_model_base(&r->base, dir, (uint64_t)c->seed);

    if (rc == 0)
        rc = model_init(&r->model, &r->base, &head, ft, none, (uint64_t)c->seed, false);
    free(none);
    return rc;
}

static int check_memory(const struct pretrain_run *r)
{
    const struct run_data d = pretrain_run_data(r);
    size_t total, available;
    size_t need = train_need(&r->model, &r->train, &d, pool_threads(r->pool)).bytes;

    ram_limits(&total, &available);
    if (need <= available)
        return 0;
    return fail(FAIL_MEMORY,
                "training %.1f million parameters takes about %.1f GB more, and %.1f GB are free; "
                "'--width', '--layers', and '--vocab' make the model smaller",
                1e-6 * (double)r->model.n_train, 1e-9 * (double)need, 1e-9 * (double)available);
}

static int prepare(struct pretrain_run *r, const char *dir)
{
    const struct pretrain_cfg *c = r->cfg;
    const struct model_shape shape = { c->layers,  c->width, c->heads,
                                       c->context, c->vocab, c->dropout };

    if (claim_folder(dir, r) != 0 || learn_tokens(c, &r->corpus, dir) != 0 ||
        packed_text_make(&r->packed, &r->corpus, dir, (int)c->context, r->pool) != 0 ||
        start_model_config(&shape, dir) != 0 || make_model(r, dir) != 0)
        return -1;
    text_free(&r->corpus.text);
    pretrain_run_settings(r);
    progress_end();
    note("run %.8s: %.2f million parameters; %ld steps of %ld examples of %ld tokens, %zu "
         "tokens of text for training; %d of %d documents are held out (%.0f kB)",
         r->key, 1e-6 * (double)r->model.n_train, pretrain_run_steps(r), c->batch, c->context,
         r->packed.train.n_tokens, r->corpus.n_held, r->corpus.n,
         1e-3 * (double)r->corpus.held_bytes);
    return check_memory(r);
}

/* --- from beginning to end */

static int print_result(const struct pretrain_run *r)
{
    const char *const params[] = { "key", r->key, NULL };
    struct rows rows;

    if (query_named(r->store, &rows, "cmd_run_final", params) != 0)
        return -1;
    return rows_print_free(&rows, r->cfg->format);
}

/* A run that is done: its model must still be there. */
static int show_done(const struct pretrain_run *r, const char *dir)
{
    char *key = folder_run(dir);
    bool here = key && strcmp(key, r->key) == 0 && file_in(dir, "model.safetensors");

    free(key);
    if (!here)
        return fail(FAIL_USAGE,
                    "run %.8s is done already, but its model is not in '%s'; name the folder that "
                    "it was written to, or forget all such runs with 'lowrank remove pretrain'",
                    r->key, dir);
    note("run %.8s is done already; this is its stored result", r->key);
    return print_result(r);
}

static int train(struct pretrain_run *r, const char *dir)
{
    int state = store_state(r->store, r->key);

    if (state < 0)
        return -1;
    if (state == (int)STATE_DONE)
        return show_done(r, dir);
    if (state == (int)STATE_DIVERGED || state == (int)STATE_EXCLUDED)
        return fail(FAIL_RUN, "run %.8s %s; 'lowrank show %.8s' has the details", r->key,
                    state == (int)STATE_DIVERGED ? "diverged" : "is excluded", r->key);
    if (prepare(r, dir) != 0 || pretrain_run_plan(r) != 0)
        return -1;
    if (state == (int)STATE_FAILED && store_requeue_run(r->store, r->key) < 0)
        return -1;
    math_thread_init();
    int rc = pretrain_run_train(r, dir);
    progress_end();
    return rc == 0 ? print_result(r) : rc;
}

int pretrain(const struct pretrain_cfg *cfg, const char *text, const char *dir)
{
    struct pretrain_run r = { .cfg = cfg };
    int threads = cfg->threads > 0 ? (int)cfg->threads : cpu_info()->cores, rc = -1;

    if (check_shape(cfg) == 0 &&
        corpus_read(&r.corpus, text, cfg->megabytes, (int)cfg->blank) == 0 &&
        corpus_hold_out(&r.corpus, cfg->held_out, (uint64_t)cfg->seed) == 0) {
        pretrain_run_key(&r);
        r.pool = pool_new(threads);
        if (r.pool && study_flags_store(&r.store, cfg->home, STORE_WRITE) == 0)
            rc = train(&r, dir);
    }
    progress_end();
    pretrain_run_free(&r);
    return rc;
}
