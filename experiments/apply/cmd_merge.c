/* cmd_merge.c - "lowrank merge": an adapter merged into the weights, checked by comparing the
 * outputs of both models. */
#include "core/cmd.h"
#include "core/opt/opt.h"
#include "core/os/file.h"
#include "experiments/apply/merge.h"
#include "experiments/apply/reader.h"
#include "experiments/assets/adapter_files.h"
#include "experiments/assets/hash.h"
#include "experiments/assets/model_dir.h"
#include "experiments/assets/model_facts.h"
#include "results/rows/rows.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct flags {
    char *home;
    bool force;
    int pooling, format;
};
#define AT(f) offsetof(struct flags, f)
static const struct opt opts[] = {
    { "force", 0, OPT_BOOL, AT(force), NULL, 0, 0, NULL,
      "replace a model in OUT_DIR; accept an adapter that was trained on other weights" },
    { "pooling", 0, OPT_CHOICE, AT(pooling), "auto", 0, 0, POOLING_CHOICES,
      "what the classifier was trained with; auto: the run's, else the model folder's" },
    FORMAT_OPTION(struct flags),
    HOME_OPTION(struct flags),
    { .type = OPT_END },
};
#undef AT
static const struct opt_usage usage = {
    .command = "merge",
    .usage = "MODEL ADAPTER OUT_DIR",
    .about = "add an adapter's update to a copy of the model's weights",
    .detail =
        "ADAPTER is a folder, or the first digits of a run's key. OUT_DIR becomes a model folder "
        "that\n"
        "needs no adapter. The command reads it back and compares its logits with those of model\n"
        "and adapter, and its weights without the update with the original ones; the exit status\n"
        "is 1 if they differ by more than rounding. A model folder does not record the length to "
        "which\n"
        "the adapter's texts were truncated; whoever uses it truncates longer texts.",
    .example = "lowrank merge minilm 3fa9c1d2 merged/",
    .min_args = 3,
    .max_args = 3,
};

/* Short, long, odd, a pair. */
static const char *const sentences[][2] = {
    { "low-rank adaptation", NULL },
    { "The quick brown fox jumps over the lazy dog, and nobody minds.", NULL },
    { "", NULL },
    { "3.14 \xc3\xa9t\xc3\xa9 \xe4\xb8\xad\xe6\x96\x87 #unknown@example", NULL },
    { "He said the food was excellent.", "According to him, the meal was very good." },
};

/* What a text gives: the logits, or of an encoder without a classifier the last hidden states. */
static bool has_logits(const struct adapted *a)
{
    return a->has_head || a->base.arch->causal;
}

static struct mat output_of(const struct reader *r)
{
    return has_logits(r->a) ? r->ws.logits : r->ws.hidden;
}

/* Raise *DIFF and *LARGEST to what the outputs of two models for one text make them. */
static int compare_outputs(double *diff, double *largest, const struct reader *ra,
                           const struct reader *rb)
{
    struct mat a = output_of(ra), b = output_of(rb);

    if (a.rows != b.rows || a.cols != b.cols)
        return fail(FAIL_RUN, "the merged model gives %d x %d values for a text instead of %d x %d",
                    b.rows, b.cols, a.rows, a.cols);
    for (int i = 0; i < a.rows; i++)
        for (int k = 0; k < a.cols; k++) {
            double x = mat_row(a, i)[k], d = fabs(x - mat_row(b, i)[k]);
            *diff = d <= *diff ? *diff : d; /* a NaN stays */
            *largest = fmax(*largest, fabs(x));
        }
    return 0;
}

/* Largest difference between the outputs of two models for the same texts, and the largest output.
 * Each model reads the texts with its own tokenizer. */
static int compare_models(double *diff, double *largest, const struct adapted *a,
                          const struct adapted *b)
{
    struct reader ra = { 0 }, rb = { 0 };
    int rc = reader_init(&ra, a) == 0 && reader_init(&rb, b) == 0 ? 0 : -1;

    *diff = *largest = 0;
    rb.limit = ra.limit; /* which a model folder does not record */
    ra.ws.all_hidden = rb.ws.all_hidden = !has_logits(a);
    ra.ws.all_logits = rb.ws.all_logits = a->base.arch->causal;
    for (size_t i = 0; i < ARRAY_LEN(sentences) && rc == 0; i++) {
        const char *s = sentences[i][0], *t = sentences[i][1];
        size_t n = strlen(s), n2 = t ? strlen(t) : 0;
        if (a->base.arch->causal ? t || !*s : t && a->base.dims.n_types == 1)
            continue; /* it cannot read pairs, or has no token for an empty text */
        if (stop_check() != 0 || reader_run(&ra, s, n, t, n2) != 0 ||
            reader_run(&rb, s, n, t, n2) != 0)
            rc = -1;
        else
            rc = compare_outputs(diff, largest, &ra, &rb);
    }
    reader_free(&ra);
    reader_free(&rb);
    return rc;
}

static void add_check(struct rows *r, const char *what, double value, double limit)
{
    char v[40], l[40];

    rows_add(r, (const char *[]){ what, rows_number(v, value, 3), rows_number(l, limit, 3),
                                  value <= limit ? "ok" : "differs" });
}

/* Does the folder OUT say of its head what A is? */
static int check_head(const struct adapted *a, const struct adapted *b, const char *out)
{
    const struct head *x = &a->model.head, *y = &b->model.head;

    if (a->has_head != b->has_head || x->pooling != y->pooling ||
        (a->has_head && (x->n_labels != y->n_labels || x->regression != y->regression)))
        return fail(FAIL_RUN, "the merged model in '%s' describes another head than the adapter's",
                    out);
    return 0;
}

/* Read the folder OUT as somebody does who has nothing else: in a session of its own, without the
 * adapter, its run, or what has been read before. The limits allow for rounding: of a few hundred
 * sums in the logits, of one sum in the weights. */
static int check_merged(const struct adapted *a, const char *out, const struct flags *f)
{
    static const char *const cols[] = { "check", "largest difference", "limit", "result", NULL };
    double eps = sizeof(real) == 4 ? 1.2e-7 : 2.2e-16, logit, size, undone = 0, weight = 0;
    struct session stranger;
    struct adapted b;
    struct rows r;

    session_init(&stranger, f->home, NULL);
    int rc = adapted_open(&b, &stranger, out, NULL, POOLING_AUTO);
    if (rc == 0) {
        rc = check_head(a, &b, out) != 0 || compare_models(&logit, &size, a, &b) != 0 ||
                     merge_undone(&undone, &weight, a, &b.base) != 0
                 ? -1
                 : 0;
        adapted_close(&b);
    }
    session_free(&stranger);
    if (rc != 0)
        return -1;
    double logit_limit = 1000 * eps * fmax(size, 1), weight_limit = 4 * eps * weight;
    rows_init(&r, cols);
    add_check(&r,
              has_logits(a) ? "logits of the merged model" : "hidden states of the merged model",
              logit, logit_limit);
    if (a->method->merge)
        add_check(&r, "weights without the update", undone, weight_limit);
    bool differs = !(logit <= logit_limit) || (a->method->merge && !(undone <= weight_limit));
    if (rows_print_free(&r, f->format) != 0)
        return -1;
    return differs ? fail(FAIL_RUN, "the merged model in '%s' computes something different", out)
                   : 0;
}

/* The result must not replace its own input, nor another model without --force. */
static int check_out_dir(const struct adapted *a, const char *out, bool force)
{
    char *there = realpath(out, NULL), *base = realpath(a->base.dir, NULL);
    int rc = 0;

    if (there && base && strcmp(there, base) == 0)
        rc = fail(FAIL_USAGE, "'%s' is the model's own folder", out);
    else if (file_in(out, "adapter_config.json") || file_in(out, "lowrank_adapter.json"))
        rc = fail(FAIL_USAGE,
                  "'%s' is an adapter's folder, which transformers would apply a second time to a "
                  "model in it; choose another folder",
                  out);
    else if (weights_are_in(out, WEIGHTS_OF_MODEL) && !force)
        rc = fail(FAIL_USAGE, "'%s' already contains a model; --force replaces it", out);
    free(base);
    free(there);
    return rc;
}

/* An update means nothing if it is added to other weights than those that it was trained on. */
static int check_base(struct session *ses, const char *model, const char *adapter)
{
    const struct model_facts *m = model_facts(ses, model);
    int of = m ? adapter_trained_on(ses, adapter, m->name, m->weights) : -1;

    hash_save(ses);
    if (of != ADAPTER_OF_OTHERS)
        return of < 0 ? -1 : 0;
    char *why = xstrdup(fail_text());
    fail(FAIL_INPUT, "%s; --force merges it anyway", why);
    free(why);
    return -1;
}

/* Only a folder with config.json and weights by the names of transformers can be written again. */
static int check_model(struct session *ses, const char *model)
{
    char *dir = model_dir(ses->home, model);
    int rc = dir ? dims_no_gguf(dir, "merging") : -1;

    free(dir);
    return rc;
}

static int merge_adapter(struct session *ses, char **words, const struct flags *f)
{
    struct adapted a = { 0 };
    /* without a slash, it would be taken for a model's name when it is read back */
    char *out = strchr(words[2], '/') ? xstrdup(words[2]) : xprintf("./%s", words[2]);
    int rc =
        check_model(ses, words[0]) == 0 && (f->force || check_base(ses, words[0], words[1]) == 0)
            ? adapted_open(&a, ses, words[0], words[1], f->pooling)
            : -1;

    if (rc == 0 && (check_out_dir(&a, out, f->force) != 0 || merge_check(&a) != 0 ||
                    merge_write(&a, out) != 0 || check_merged(&a, out, f) != 0))
        rc = -1;
    if (rc == 0 && a.has_head && a.model.head.pooling == POOL_MEAN)
        warn("the classifier in '%s' reads the mean of all tokens, as its 1_Pooling says; "
             "BertForSequenceClassification of transformers ignores that file and computes other "
             "logits",
             out);
    adapted_close(&a);
    free(out);
    return rc;
}

static int merge_work(void *cfg, int argc, char **argv)
{
    const struct flags *f = cfg;
    struct session ses;

    (void)argc;
    session_init(&ses, f->home, NULL);
    int rc = merge_adapter(&ses, argv + 1, f);
    session_free(&ses);
    return rc;
}

static int merge_command(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct flags), merge_work, argc, argv);
}

const struct cmd cmd_merge = { "merge", "models and data", "merge an adapter into the weights",
                               merge_command };
