/* run_texts.c - a run's evaluation by the texts that it generates after training. */
#include "experiments/run/run_texts.h"
#include "core/data/groups.h"
#include "core/generate/generate.h"
#include "core/os/sha256.h"
#include "core/train/choice.h"
#include "experiments/assets/end_tokens.h"
#include "experiments/assets/loaded_model.h"
#include "experiments/recipe/data.h"
#include "experiments/score/scores.h"
#include "results/query/query.h"
#include "results/store/generations.h"
#include "results/store/metrics.h"

#include <stdlib.h>
#include <string.h>

static const double store_every_s = 1;

/* The texts of a split, some of which may be stored already. */
struct texts {
    struct run_texts *t;
    const struct dataset *d;
    const char *split;
    const struct tok *tok;
    struct groups groups;
    char **text; /* [groups.n] NULL: not generated yet */
    int *input;  /* of the inputs that are generated now: which group */
    long cut;    /* without an end token */
    long done;
    struct generated *waiting; /* to be stored */
    int n_waiting;
    double first; /* when the oldest of them came */
};

bool run_texts_wanted(const struct recipe *r)
{
    return r->run.generate_n != 0;
}

static int first_example(const struct texts *x, int group)
{
    return x->groups.example[x->groups.from[group]];
}

/* The row with the first reference. */
static long input_row(const struct texts *x, int group)
{
    return x->d->line[first_example(x, group)];
}

/* --- the store */

static int lost_if(struct run_texts *t, int held)
{
    t->lost |= held == 0;
    return held == 1 ? 0 : held < 0 ? -1 : fail(FAIL_RUN, "another worker has the run");
}

static int store_waiting(struct texts *x)
{
    int rc = 0;

    if (x->n_waiting > 0)
        rc = lost_if(x->t,
                     generations_add(x->t->store, x->t->lease, x->split, x->waiting, x->n_waiting));
    for (int i = 0; i < x->n_waiting; i++) {
        free(x->waiting[i].rows);
        free(x->waiting[i].prompt); /* the text stays in x->text */
    }
    x->n_waiting = 0;
    return rc;
}

static char *rows_json(const struct texts *x, int group)
{
    struct text rows = { 0 };

    for (int k = x->groups.from[group]; k < x->groups.from[group + 1]; k++)
        text_add(&rows, "%s%ld", rows.n ? "," : "[", x->d->line[x->groups.example[k]]);
    text_add(&rows, "]");
    return text_take(&rows);
}

/* The text of N ids as UTF-8; with TRIM without white space at its ends, as references are. */
static char *ids_text(const struct tok *tok, const int *ids, int n, bool trim)
{
    struct text raw = { 0 }, clean = { 0 };

    tok_decode(tok, ids, n, trim, &raw);
    const char *from = text_string(&raw), *end = from + raw.n;
    while (trim && end > from && strchr(" \t\r\n", end[-1]))
        end--;
    while (trim && from < end && strchr(" \t\r\n", *from))
        from++;
    text_put_utf8(&clean, from, (size_t)(end - from));
    text_free(&raw);
    return text_take(&clean);
}

static int text_done(void *self, int i, const struct gen_output *out)
{
    struct texts *x = self;
    int group = x->input[i], n_prompt;
    const int *prompt = dataset_prompt(x->d, first_example(x, group), &n_prompt);

    x->text[group] = ids_text(x->tok, out->ids, out->n, true);
    if (x->n_waiting == 0)
        x->first = now_mono();
    x->waiting[x->n_waiting++] =
        (struct generated){ .input = input_row(x, group),
                            .rows = rows_json(x, group),
                            .prompt = ids_text(x->tok, prompt, n_prompt, false),
                            .text = x->text[group],
                            .tokens = out->n,
                            .score = out->score,
                            .finished = out->finished };
    x->cut += !out->finished;
    if (now_mono() - x->first > store_every_s && store_waiting(x) != 0)
        return -1;
    return x->t->alive(x->t->self, ++x->done, x->groups.n);
}

static int by_row(const void *key, const void *of)
{
    long a = *(const long *)key, b = *(const long *)of;

    return (a > b) - (a < b);
}

/* Texts of an earlier attempt. */
static int read_stored(struct texts *x)
{
    char run[32];
    const char *const params[] = { "run", run, "split", x->split, NULL };
    struct rows rows;
    long *row = xalloc((size_t)x->groups.n + 1, sizeof *row);

    snprintf(run, sizeof run, "%lld", (long long)x->t->lease->run_id);
    int rc = query_named(x->t->store, &rows, "cmd_generated", params);
    for (int i = 0; i < x->groups.n; i++)
        row[i] = input_row(x, i);
    for (int i = 0; i < rows.n_rows && rc == 0; i++) {
        long key = strtol(rows_get(&rows, i, "input"), NULL, 10);
        const long *at = bsearch(&key, row, (size_t)x->groups.n, sizeof *row, by_row);
        const char *text = rows_get(&rows, i, "text");
        if (!at)
            continue;
        x->text[at - row] = xstrdup(text ? text : "");
        x->done++;
    }
    rows_free(&rows);
    free(row);
    return rc;
}

/* --- generating */

/* The end of targets in training is an end, too. */
static int ends_of(int end[GEN_MOST_ENDS], const struct texts *x)
{
    const struct base_model *b = x->t->model->base;
    int n = end_tokens(end, NULL, b->dir, x->tok, b->dims.vocab), own = tok_role(x->tok, TOK_EOS);

    for (int i = 0; i < n && own >= 0; i++)
        if (end[i] == own)
            own = -1;
    if (n >= 0 && n < GEN_MOST_ENDS && own >= 0 && own < b->dims.vocab &&
        !x->t->recipe->task->task.no_end)
        end[n++] = own;
    return n;
}

static int begin_stored(struct texts *x, const int *end, int n_end)
{
    struct model *m = x->t->model;
    struct text how = { 0 };
    char sha256[65];

    text_add(&how, "%s end=", x->t->recipe->task->texts.described);
    for (int i = 0; i < n_end; i++)
        text_add(&how, "%s%d", i ? "," : "", end[i]);
    sha256_hex(sha256, m->theta, m->n_train * sizeof *m->theta);
    struct generation g = { x->split, x->t->best_step, sha256, text_string(&how) };
    int rc = lost_if(x->t, generations_begin(x->t->store, x->t->lease, &g));
    text_free(&how);
    return rc == 0 ? read_stored(x) : -1;
}

/* All texts that are not stored yet, with the model M. */
static int generate_missing(struct texts *x, const struct model *m, const int *end, int n_end)
{
    size_t most = (size_t)x->groups.n;
    struct gen_input *in = xalloc(most, sizeof *in);
    struct gen_output *out = xalloc(most, sizeof *out);
    struct gen_job job = {
        m, &x->t->recipe->task->texts.settings, end, n_end, in, 0, x->t->pool, text_done, x
    };

    x->input = xalloc(most, sizeof *x->input);
    x->waiting = xalloc(most, sizeof *x->waiting);
    for (int i = 0; i < x->groups.n; i++) {
        if (x->text[i])
            continue;
        x->input[job.n] = i;
        struct gen_input *input = &in[job.n++];
        input->ids = dataset_prompt(x->d, first_example(x, i), &input->n);
        input->number = (uint32_t)input_row(x, i);
    }
    int rc = job.n > 0 ? generate(out, &job) : 0;
    int stored = store_waiting(x); /* also after a stop */
    for (int i = 0; i < job.n; i++)
        generate_output_free(&out[i]);
    if (x->cut)
        note("run %.8s: %ld of %d texts have no end token: they were cut", x->t->recipe->key,
             x->cut, job.n);
    free(in);
    free(out);
    return rc == 0 ? stored : -1;
}

static int generate_texts(struct texts *x)
{
    struct model *m = x->t->model, merged = { 0 };
    int end[GEN_MOST_ENDS], n_end = ends_of(end, x);

    if (n_end < 0 || begin_stored(x, end, n_end) != 0)
        return -1;
    int rc = model_merge(&merged, m, !adapt_unmerged(m->adapt));
    if (rc >= 0)
        rc = generate_missing(x, rc == 0 ? &merged : m, end, n_end);
    model_free(&merged);
    return rc;
}

/* --- scores */

static int store_score(const struct texts *x, struct score_job *job, const struct score_kind *k)
{
    const struct run_texts *t = x->t;
    const char *which = train_apart(&t->recipe->train) ? "chosen" : "best";
    struct score_result r = { 0 };
    int rc = score_run(&r, job, k);

    if (rc == 0 && *r.missing)
        note("'%s' is METEOR %s", r.name, r.missing);
    if (rc == 0)
        rc = metrics_add(t->store, t->lease, t->best_step, which, task_texts_metric(r.name),
                         r.total);
    score_free(&r);
    return rc;
}

/* METEOR without any of its tables is left out, so that a long run is not lost. */
static int score_all(const struct texts *x, const struct score_texts *texts)
{
    const struct task_texts *of = &x->t->recipe->task->texts;
    struct meteor *meteor = NULL;
    bool has_meteor = true;
    int rc = scores_meteor(&meteor, of->score, x->t->recipe->session->home);

    if (rc != 0 && fail_code() == FAIL_TOOL) {
        warn("the run has no METEOR: %s", fail_text());
        has_meteor = false;
        rc = 0;
    }
    struct score_job *job = rc == 0 ? score_open(texts, meteor) : NULL;
    rc = job ? 0 : -1;
    for (int i = 0; i < of->n_scores && rc == 0; i++)
        if (has_meteor || !scores_is_meteor(of->score[i]))
            rc = store_score(x, job, of->score[i]);
    score_close(job);
    meteor_close(meteor);
    return rc;
}

static int score_texts_of(const struct texts *x)
{
    int n_refs = x->groups.from[x->groups.n];
    const char **ref = xalloc((size_t)n_refs, sizeof *ref);

    for (int k = 0; k < n_refs; k++)
        ref[k] = dataset_reference(x->d, x->groups.example[k]);
    struct score_texts texts = { x->groups.n, (const char *const *)x->text, ref, x->groups.from };
    int rc = score_all(x, &texts);
    free(ref);
    return rc;
}

int run_texts(struct run_texts *t)
{
    enum split s = train_reports(&t->recipe->train);
    struct loaded_model *in = loaded_model(t->recipe->session, t->recipe->model);
    struct texts x = { .t = t, .d = t->data->split[s], .split = split_names[s] };
    size_t size = t->model->n_train * sizeof(real);
    real *last = malloc(size + 1);

    if (!in || !last) {
        free(last);
        return in ? fail(FAIL_MEMORY, "not enough memory for a copy of %zu trainable parameters",
                         t->model->n_train)
                  : -1;
    }
    x.tok = in->tok;
    groups_init(&x.groups, x.d, t->recipe->run.generate_n, EVAL_SUBSET_SEED);
    x.text = xalloc((size_t)x.groups.n, sizeof *x.text);
    memcpy(last, t->model->theta, size);
    memcpy(t->model->theta, t->best, size);
    int rc = generate_texts(&x);
    memcpy(t->model->theta, last, size);
    if (rc == 0)
        rc = score_texts_of(&x);
    for (int i = 0; i < x.groups.n; i++)
        free(x.text[i]);
    free(x.text);
    free(x.input);
    free(x.waiting);
    groups_free(&x.groups);
    free(last);
    return rc;
}
