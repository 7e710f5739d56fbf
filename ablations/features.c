/* features.c - what does training change in the features of an encoder? Linear CKA (Kornblith et
 * al. 2019; unbiased: Song et al. 2012) between the hidden states after every block: before and
 * after training, between methods, and between seeds. Hu et al. 2021, section 8, question 2. */
#include "ablations/analysis.h"
#include "ablations/common/analysis_settings.h"
#include "ablations/common/encode.h"
#include "ablations/common/numbers.h"
#include "ablations/common/similarity.h"

#include <stdlib.h>
#include <string.h>

struct features_cfg {
    char *study, *methods, *task;
    long n;
};
static const struct opt opts[] = {
    STUDY_OPTION(struct features_cfg, "methods"),
    METHODS_OPTION(struct features_cfg),
    TASK_OPTION(struct features_cfg),
    { "n", 0, OPT_INT, offsetof(struct features_cfg, n), "256", 8, 4096, NULL,
      "number of texts from the task's dev split, and of single tokens sampled from them" },
    { .type = OPT_END },
};

enum { TEXT, TOKEN, N_UNITS };

/* The features of one model: that of a run, or the pretrained one. */
struct side {
    const struct study_run *run; /* NULL: the pretrained model */
    int n, d, places;
    double *text;          /* [places, n, d] */
    double *gram[N_UNITS]; /* [places, n, n] */
};

struct comparing {
    struct session *session;
    const struct features_cfg *c;
    struct dataset set;
    struct study_run *run;
    int n_runs;
    struct side *side; /* [n_runs + 1]; the last is the pretrained model */
    struct numbers t;
};

/* Of the embeddings and of every block. The last place of struct encoded is left out, since it is
 * not the output of a layer. */
static int side_init(struct side *s, const struct comparing *k, const struct study_run *r)
{
    struct encoded e;
    int rc = encode_run(&e, k->session, k->run[0].model, r, &k->set);

    *s = (struct side){ .run = r };
    if (rc == 0) {
        size_t square = (size_t)e.n * (size_t)e.n, rows = (size_t)e.n * (size_t)e.d;
        s->n = e.n;
        s->d = e.d;
        s->places = e.places - 1;
        for (int u = 0; u < N_UNITS; u++) {
            s->gram[u] = xalloc((size_t)s->places * square, sizeof *s->gram[u]);
            for (int p = 0; p < s->places; p++)
                similarity_gram(s->gram[u] + (size_t)p * square,
                                (u == TEXT ? e.text : e.token) + (size_t)p * rows, e.n, e.d);
        }
        s->text = e.text;
        e.text = NULL;
    }
    encoded_free(&e);
    return rc;
}

static void side_free(struct side *s)
{
    free(s->text);
    for (int u = 0; u < N_UNITS; u++)
        free(s->gram[u]);
}

static void add_number(struct comparing *k, const struct side *a, const struct side *b, int place,
                       const char *name, double value)
{
    numbers_add(&k->t, (struct analysis_row){ .run_a = a->run->run_id,
                                              .run_b = b->run ? b->run->run_id : 0,
                                              .layer = place - 1,
                                              .proj = "",
                                              .name = name,
                                              .value = value });
}

static void compare_sides(struct comparing *k, const struct side *a, const struct side *b)
{
    size_t square = (size_t)a->n * (size_t)a->n, rows = (size_t)a->n * (size_t)a->d;
    const int n = a->n;

    for (int p = 0; p < a->places; p++) {
        size_t g = (size_t)p * square, r = (size_t)p * rows;
        add_number(k, a, b, p, "cka", similarity_cka(a->gram[TEXT] + g, b->gram[TEXT] + g, n));
        add_number(k, a, b, p, "cka_token",
                   similarity_cka(a->gram[TOKEN] + g, b->gram[TOKEN] + g, n));
        add_number(k, a, b, p, "cosine", similarity_cosine(a->text + r, b->text + r, n, a->d));
    }
}

/* Runs are compared if they have the same seed, or the same method at the same size: other pairs
 * would not show anything that these do not. */
static bool is_compared(const struct study_run *a, const struct study_run *b)
{
    return a->seed == b->seed || (strcmp(a->method, b->method) == 0 && a->rank == b->rank &&
                                  strcmp(a->targets, b->targets) == 0);
}

static int compare_runs(struct comparing *k)
{
    int n = k->n_runs, rc = 0;

    k->side = xalloc((size_t)n + 1, sizeof *k->side);
    for (int i = n; i >= 0 && rc == 0; i--) {
        progress("features of model %d of %d", n - i + 1, n + 1);
        rc = side_init(&k->side[i], k, i < n ? &k->run[i] : NULL);
    }
    for (int i = 0; i < n && rc == 0; i++) {
        compare_sides(k, &k->side[i], &k->side[n]);
        for (int j = i + 1; j < n; j++)
            if (is_compared(&k->run[i], &k->run[j]))
                compare_sides(k, &k->side[i], &k->side[j]);
    }
    for (int i = 0; i <= n; i++)
        side_free(&k->side[i]);
    free(k->side);
    return rc;
}

static int features_run(struct session *ses, struct store *s, const void *cfg)
{
    const struct features_cfg *c = cfg;
    const struct wanted_runs w = { .study = c->study, .methods = c->methods, .task = c->task };
    struct comparing k = { .session = ses, .c = c };
    char *settings = analysis_settings(opts, "n", cfg);
    const struct analysis_set set = { c->study, "features", settings };
    int rc = (k.n_runs = study_runs_done(&k.run, s, &w)) < 0 ? -1 : 0;

    if (rc == 0)
        rc = study_runs_same_inputs(k.run, k.n_runs, ses);
    if (rc == 0)
        rc = encode_set(&k.set, ses, k.run[0].model, k.run[0].task_file, SPLIT_DEV, c->n, -1);
    if (rc == 0)
        rc = compare_runs(&k);
    if (rc == 0)
        rc = numbers_store(s, &set, &k.t, "features");
    dataset_free(&k.set);
    numbers_free(&k.t);
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
    .run = features_run,
};
