/* cmd_logits.c - "lowrank logits": the output of a model for lines of text. */
#include "core/cmd.h"
#include "core/opt/opt.h"
#include "core/os/file.h"
#include "experiments/apply/reader.h"
#include "experiments/assets/sentence.h"
#include "results/store/store.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum format { TABLE, CSV, JSON };
struct flags {
    char *adapter, *home;
    bool pair, hidden;
    int pooling, format;
};
#define AT(f) offsetof(struct flags, f)
static const struct opt opts[] = {
    { "adapter", 0, OPT_STR, AT(adapter), NULL, 0, 0, NULL,
      "an adapter's folder, or the first digits of a run's key" },
    { "pair", 0, OPT_BOOL, AT(pair), NULL, 0, 0, NULL,
      "split each line at its first tab into two segments" },
    { "hidden", 0, OPT_BOOL, AT(hidden), NULL, 0, 0, NULL,
      "print the last hidden state of every token instead" },
    { "pooling", 0, OPT_CHOICE, AT(pooling), "auto", 0, 0, POOLING_CHOICES,
      "auto is the run's, else the model folder's" },
    { "format", 0, OPT_CHOICE, AT(format), "table", 0, 0, "table|csv|json", "of what is printed" },
    HOME_OPTION(struct flags),
    { .type = OPT_END },
};
#undef AT
static const struct opt_usage usage = {
    .command = "logits",
    .usage = "MODEL",
    .about = "print what a model computes for every line of standard input",
    .detail =
        "MODEL is a folder or the name of a fetched model. Of a decoder, that is the "
        "log-probability\n"
        "of every token but the first, given those before it; JSON also has their mean as loss, "
        "and\n"
        "the most probable next token. Of an encoder with an adapter, or with a classifier of its\n"
        "own, it is the logits and the index of the largest, otherwise an embedding: the mean of "
        "the last hidden states, scaled to length 1 as in\n"
        "sentence-transformers, or with --pooling cls the pooler's output. Lines that are too "
        "long\n"
        "are truncated: for an embedding to the max_seq_length of sentence_bert_config.json or "
        "the\n"
        "model_max_length of tokenizer_config.json; with an adapter to the length of its training, "
        "if\n"
        "its folder records that; otherwise to the model's positions.",
    .example = "echo 'low-rank adaptation' | lowrank logits minilm --format json",
    .min_args = 1,
    .max_args = 1,
};

/* The N values for one line, or for one of its tokens. */
struct answer {
    long line;
    int token; /* with --hidden, else -1 */
    const char *what;
    const real *x;
    int n, label; /* label: index of the largest value; -1: there are no labels */
    double scale;
};

static int argmax(const real *x, int n)
{
    int best = 0;

    for (int i = 1; i < n; i++)
        if (x[i] > x[best])
            best = i;
    return best;
}

static void print_json(const struct answer *a)
{
    json_t *j = json_object(), *list = json_array();

    json_object_set_new(j, "line", json_integer(a->line));
    if (a->token >= 0)
        json_object_set_new(j, "token", json_integer(a->token));
    if (a->label >= 0)
        json_object_set_new(j, "label", json_integer(a->label));
    for (int i = 0; i < a->n; i++) {
        double x = a->scale * (double)a->x[i];
        json_array_append_new(list, isfinite(x) ? json_real(x) : json_null());
    }
    json_object_set_new(j, a->what, list);
    json_dumpf(j, stdout, JSON_REAL_PRECISION(sizeof(real) == 4 ? 9 : 17));
    putchar('\n');
    json_decref(j);
}

static void print_header(const struct answer *a, bool csv)
{
    const char *sep = csv ? "," : " ";

    printf(csv ? "line" : "  line");
    if (a->token >= 0)
        printf(csv ? ",token" : " token");
    if (a->label >= 0)
        printf(csv ? ",label" : " label");
    if (!csv)
        printf("%s%s\n", sep, a->what);
    for (int i = 0; csv && i < a->n; i++)
        printf(",%s_%d", a->what, i);
    if (csv)
        putchar('\n');
}

static void print_row(const struct answer *a, bool csv)
{
    printf(csv ? "%ld" : "%6ld", a->line);
    if (a->token >= 0)
        printf(csv ? ",%d" : " %5d", a->token);
    if (a->label >= 0)
        printf(csv ? ",%d" : " %5d", a->label);
    for (int i = 0; i < a->n; i++)
        printf(csv ? ",%.9g" : " %10.6f", a->scale * (double)a->x[i]);
    putchar('\n');
}

static void print_answer(const struct answer *a, enum format f, bool *begun)
{
    if (f == JSON) {
        print_json(a);
        return;
    }
    if (!*begun)
        print_header(a, f == CSV);
    *begun = true;
    print_row(a, f == CSV);
}

static void answer_line(const struct reader *r, const struct flags *f, long line, bool *begun)
{
    const struct workspace *ws = &r->ws;
    const struct head *h = &r->a->model.head;
    struct answer a = { .line = line, .token = -1, .label = -1, .scale = 1 };

    if (f->hidden) {
        a.what = "hidden";
        a.n = ws->hidden.cols;
        for (a.token = 0; a.token < ws->hidden.rows; a.token++) {
            a.x = mat_row(ws->hidden, a.token);
            print_answer(&a, (enum format)f->format, begun);
        }
        return;
    }
    a.what = r->a->has_head ? "logit" : "embedding";
    a.x = r->a->has_head ? mat_row(ws->logits, 0) : mat_row(ws->pooled, 0);
    a.n = r->a->has_head ? ws->logits.cols : ws->pooled.cols;
    if (r->a->has_head && !h->regression)
        a.label = argmax(a.x, a.n);
    if (!r->a->has_head && h->pooling == POOL_MEAN)
        a.scale =
            1 / fmax(vec_norm(a.x, (size_t)a.n), 1e-12); /* as torch.nn.functional.normalize */
    print_answer(&a, (enum format)f->format, begun);
}

/* The ids of a line's tokens and their log-probabilities. */
static void print_scores(const struct reader *r, long line, enum format f, bool *begun)
{
    int n = r->ids.n;

    if (!*begun)
        puts(f == CSV ? "line,token,id,logprob" : "  line token     id    logprob");
    *begun = true;
    for (int i = 0; i < n; i++) {
        printf(f == CSV ? "%ld,%d,%d," : "%6ld %5d %6d ", line, i, r->ids.id[i]);
        if (i > 0)
            printf(f == CSV ? "%.9g" : "%10.6f", -r->nll[i - 1]);
        putchar('\n');
    }
}

/* The same as JSON, with the token that is most probable after the last. */
static void print_scores_json(const struct reader *r, long line)
{
    const real *z = mat_row(r->ws.logits, 0);
    int n = r->ids.n, next = argmax(z, r->ws.logits.cols);
    json_t *ids = json_array(), *logprobs = json_array();
    double loss = 0, rest = 0;

    for (int i = 0; i < n; i++) {
        json_array_append_new(ids, json_integer(r->ids.id[i]));
        json_array_append_new(
            logprobs, i == 0 || !isfinite(r->nll[i - 1]) ? json_null() : json_real(-r->nll[i - 1]));
        loss += i > 0 ? r->nll[i - 1] : 0;
    }
    for (int v = 0; v < r->ws.logits.cols; v++)
        rest += exp((double)z[v] - (double)z[next]);
    json_t *j = json_pack("{s:I, s:o, s:o, s:i}", "line", (json_int_t)line, "ids", ids, "logprobs",
                          logprobs, "next", next);
    if (isfinite(rest))
        json_object_set_new(j, "next_logprob", json_real(-log(rest)));
    if (n > 1 && isfinite(loss))
        json_object_set_new(j, "loss", json_real(loss / (n - 1)));
    json_dumpf(j, stdout, JSON_REAL_PRECISION(sizeof(real) == 4 ? 9 : 17));
    putchar('\n');
    json_decref(j);
}

static int answer_lines(struct reader *r, const struct flags *f)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    bool begun = false;
    int rc = 0;

    for (long at = 1; rc == 0 && !ferror(stdout) && (n = getline(&line, &cap, stdin)) >= 0; at++) {
        size_t size = (size_t)n - (n > 0 && line[n - 1] == '\n');
        const char *tab = f->pair ? memchr(line, '\t', size) : NULL;
        size_t first = tab ? (size_t)(tab - line) : size;
        const char *b = tab && first + 1 < size ? tab + 1 : NULL;
        rc = reader_run(r, line, first, b, b ? size - first - 1 : 0);
        if (rc == 0)
            rc = file_check();
        if (rc == 0 && r->score && f->format == JSON)
            print_scores_json(r, at);
        else if (rc == 0 && r->score)
            print_scores(r, at, (enum format)f->format, &begun);
        else if (rc == 0)
            answer_line(r, f, at, &begun);
        if (rc == 0 && stop_requested())
            rc = fail(FAIL_STOPPED, "stopped");
    }
    if (rc == 0 && ferror(stdin))
        rc = fail(FAIL_INPUT, "cannot read standard input: %s", strerror(errno));
    if (rc == 0)
        rc = output_end(stdout);
    if (r->n_cut)
        warn("%ld tokens beyond the %s %d%s were truncated", r->n_cut,
             reader_room(r) == r->limit ? "maximum length of" : "model's", reader_room(r),
             reader_room(r) != r->limit ? " positions"
             : r->a->record.max_length  ? " in the adapter's folder"
                                        : " in the model's folder");
    free(line);
    return rc;
}

static int logits_print(struct session *ses, const char *model, const struct flags *f)
{
    struct adapted a;
    struct reader r = { 0 };

    if (adapted_open(&a, ses, model, f->adapter, f->pooling) != 0)
        return -1;
    bool decoder = a.base.arch->causal;
    const char *encoders = f->pair ? "--pair" : f->pooling != POOLING_AUTO ? "--pooling" : NULL;
    int rc = decoder && encoders
                 ? fail(FAIL_USAGE, "'%s' is for encoders, and '%s' is a decoder (%s)", encoders,
                        a.base.dir, a.base.arch->name)
                 : reader_init(&r, &a);
    r.score = decoder && !f->hidden;
    r.ws.all_hidden = f->hidden;
    r.ws.last_logits = r.score;
    if (rc == 0 && !a.has_head && !f->hidden && !decoder)
        rc = sentence_max_len(&r.limit, a.base.dir);
    if (rc == 0)
        rc = answer_lines(&r, f);
    reader_free(&r);
    adapted_close(&a);
    return rc;
}

static int logits_work(void *cfg, int argc, char **argv)
{
    const struct flags *f = cfg;
    struct session ses;

    (void)argc;
    session_init(&ses, f->home, NULL);
    int rc = logits_print(&ses, argv[1], f);
    session_free(&ses);
    return rc;
}

static int logits_command(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct flags), logits_work, argc, argv);
}

const struct cmd cmd_logits = { "logits", "check", "print logits or embeddings of standard input",
                                logits_command };
