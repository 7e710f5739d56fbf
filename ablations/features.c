/* features.c - what does training change in the features? Linear CKA (Kornblith et al. 2019, unbiased: Song
 * et al. 2012) of the hidden states after every block: before and after, between methods, between seeds. Hu et al. 2021,
 * section 8, question 2. */
#include "ablations/analysis.h"
#include "ablations/common/encode.h"

#include <stdlib.h>
#include <string.h>

struct features_cfg {
    char *study, *methods, *task;
    long n;
};
static const struct opt opts[] = {
    { "study", 0, OPT_STR, offsetof(struct features_cfg, study), "methods", 0, 0, NULL,
      "a finished study" },
    { "methods", 0, OPT_LIST, offsetof(struct features_cfg, methods), NULL, 0, 0, NULL,
      "methods whose runs are compared; without it all" },
    { "task", 0, OPT_STR, offsetof(struct features_cfg, task), NULL, 0, 0, NULL,
      "task of the runs, where the study has several" },
    { "n", 0, OPT_INT, offsetof(struct features_cfg, n), "256", 8, 4096, NULL,
      "texts of the task's dev split, and single tokens of them" },
    { .type = OPT_END },
};

enum { TEXT, TOKEN, N_UNITS };

/* One model: of a run, or the one before all. */
struct side {
    const struct study_run *run; /* NULL: before */
    int n, d, places;
    double *text, *gram[N_UNITS]; /* [places, n, d], [places, n, n] */
};

struct comparing {
    const struct features_cfg *c;
    struct dataset set;
    struct study_run *run;
    struct side *side; /* [n_runs + 1], the last: before */
    int n_runs;
    struct numbers t;
};

/* After the embeddings and every block; what stands behind them is not of a layer. */
static int make_side(struct side *s, const struct comparing *k, const struct study_run *r)
{
    struct encoded e;
    int rc = encode_run(&e, k->run[0].model, r, &k->set);

    *s = (struct side){ .run = r };
    if (rc == 0) {
        size_t square = (size_t)e.n * (size_t)e.n, rows = (size_t)e.n * (size_t)e.d;
        s->n = e.n;
        s->d = e.d;
        s->places = e.places - 1;
        for (int u = 0; u < N_UNITS; u++) {
            s->gram[u] = xalloc((size_t)s->places * square, sizeof *s->gram[u]);
            for (int p = 0; p < s->places; p++)
                gram_of(s->gram[u] + (size_t)p * square,
                        (u == TEXT ? e.text : e.token) + (size_t)p * rows, e.n, e.d);
        }
        s->text = e.text;
        e.text = NULL;
    }
    encoded_free(&e);
    return rc;
}

static void free_side(struct side *s)
{
    free(s->text);
    for (int u = 0; u < N_UNITS; u++)
        free(s->gram[u]);
}

static void add(struct comparing *k, const struct side *a, const struct side *b, int place,
                const char *name, double value)
{
    numbers_put(&k->t, (struct analysis_row){ .run_a = a->run->run_id,
                                              .run_b = b->run ? b->run->run_id : 0,
                                              .layer = place - 1,
                                              .proj = "",
                                              .name = name,
                                              .value = value });
}

static void compare(struct comparing *k, const struct side *a, const struct side *b)
{
    size_t square = (size_t)a->n * (size_t)a->n, rows = (size_t)a->n * (size_t)a->d;

    for (int p = 0; p < a->places; p++) {
        size_t g = (size_t)p * square, r = (size_t)p * rows;
        add(k, a, b, p, "cka", gram_cka(a->gram[TEXT] + g, b->gram[TEXT] + g, a->n));
        add(k, a, b, p, "cka_token", gram_cka(a->gram[TOKEN] + g, b->gram[TOKEN] + g, a->n));
        add(k, a, b, p, "cosine", mean_cosine(a->text + r, b->text + r, a->n, a->d));
    }
}

/* Runs of one seed, or of one method with one size: other pairs tell nothing that these do not. */
static bool comparable(const struct study_run *a, const struct study_run *b)
{
    return a->seed == b->seed || (strcmp(a->method, b->method) == 0 && a->rank == b->rank &&
                                  strcmp(a->targets, b->targets) == 0);
}

static int compare_all(struct comparing *k)
{
    int n = k->n_runs, rc = 0;

    k->side = xalloc((size_t)n + 1, sizeof *k->side);
    for (int i = n; i >= 0 && rc == 0; i--) {
        progress("features of run %d of %d", n - i, n);
        rc = make_side(&k->side[i], k, i < n ? &k->run[i] : NULL);
    }
    for (int i = 0; i < n && rc == 0; i++) {
        compare(k, &k->side[i], &k->side[n]);
        for (int j = i + 1; j < n; j++)
            if (comparable(&k->run[i], &k->run[j]))
                compare(k, &k->side[i], &k->side[j]);
    }
    for (int i = 0; i <= n; i++)
        free_side(&k->side[i]);
    free(k->side);
    return rc;
}

static int run(struct store *s, const void *cfg)
{
    const struct features_cfg *c = cfg;
    const struct study_want w = { .study = c->study, .methods = c->methods, .task = c->task };
    struct comparing k = { .c = c };
    char *settings = study_settings(opts, "n", cfg);
    const struct analysis_set set = { c->study, "features", settings };
    int rc = (k.n_runs = study_runs_done(&k.run, s, &w)) < 0 ? -1 : 0;

    if (rc == 0)
        rc = encode_set(&k.set, k.run[0].model, k.run[0].task, SPLIT_DEV, c->n, -1);
    if (rc == 0)
        rc = compare_all(&k);
    if (rc == 0)
        rc = study_store(s, &set, &k.t, "features");
    dataset_free(&k.set);
    free(k.t.row);
    study_runs_free(k.run, k.n_runs > 0 ? k.n_runs : 0);
    free(settings);
    return rc;
}

const struct analysis analysis_features = {
    .name = "features",
    .source = "Hu et al. 2021, section 8, question 2; CKA: Kornblith et al. 2019, unbiased",
    .about = "what does training change in the features of each layer?",
    .opts = opts,
    .cfg_size = sizeof(struct features_cfg),
    .run = run,
};
