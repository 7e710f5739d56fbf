/* forgetting.c - what does an encoder lose of what it could do before? Zero-shot sentence similarity:
 * Spearman's correlation of the cosine of two sentences' embeddings (means of last hidden states) with
 * what people said, on STS-B (Cer et al. 2017), before and after training on another task. */
#include "ablations/analysis.h"
#include "ablations/common/encode.h"
#include "experiments/recipe/inputs.h"
#include "results/verdicts/stats.h"

#include <stdlib.h>
#include <string.h>

struct forgetting_cfg {
    char *study, *methods, *task;
    long n;
};
static const struct opt opts[] = {
    { "study", 0, OPT_STR, offsetof(struct forgetting_cfg, study), "methods", 0, 0, NULL,
      "a finished study" },
    { "methods", 0, OPT_LIST, offsetof(struct forgetting_cfg, methods), NULL, 0, 0, NULL,
      "methods whose runs are looked at; without it all" },
    { "task", 0, OPT_STR, offsetof(struct forgetting_cfg, task), NULL, 0, 0, NULL,
      "task of the runs, where the study has several" },
    { "n", 0, OPT_INT, offsetof(struct forgetting_cfg, n), "500", 0, 1e6, NULL,
      "pairs of STS-B's dev split; 0: all" },
    { .type = OPT_END },
};
static const char probe[] = "stsb";

struct pairs {
    struct dataset first, second;
};

static double similarity(const struct encoded *a, const struct encoded *b, const double *target)
{
    size_t last = (size_t)(a->places - 1) * (size_t)a->n * (size_t)a->d;
    double *cosine = xalloc((size_t)a->n, sizeof *cosine);

    for (int i = 0; i < a->n; i++) {
        size_t at = last + (size_t)i * (size_t)a->d;
        cosine[i] = mean_cosine(a->text + at, b->text + at, 1, a->d);
    }
    double rho = stats_spearman(cosine, target, a->n);
    free(cosine);
    return rho;
}

/* Of run R, or of MODEL before. */
static int measure(double *rho, const char *model, const struct study_run *r, const struct pairs *p)
{
    struct encoded a = { 0 }, b = { 0 };
    int rc = encode_run(&a, model, r, &p->first);

    if (rc == 0)
        rc = encode_run(&b, model, r, &p->second);
    if (rc == 0)
        *rho = similarity(&a, &b, p->first.target);
    encoded_free(&a);
    encoded_free(&b);
    return rc;
}

static int measure_all(struct numbers *t, const struct study_run *r, int n, const struct pairs *p)
{
    double base = 0, rho = 0;
    int rc = measure(&base, r[0].model, NULL, p);

    for (int i = 0; i < n && rc == 0; i++) {
        progress("run %d of %d", i + 1, n);
        rc = measure(&rho, NULL, &r[i], p);
        struct analysis_row x = { .run_a = r[i].run_id, .layer = -1, .proj = "" };
        x.name = "spearman", x.value = rho;
        numbers_put(t, x);
        x.name = "spearman_base", x.value = base;
        numbers_put(t, x);
    }
    return rc;
}

static int load(struct pairs *p, const char *model, long n)
{
    return encode_set(&p->first, model, probe, SPLIT_DEV, n, 0) == 0
               ? encode_set(&p->second, model, probe, SPLIT_DEV, n, 1)
               : -1;
}

static int look(struct store *s, const struct forgetting_cfg *c, const struct study_run *r, int n)
{
    struct pairs p = { 0 };
    struct numbers t = { 0 };
    char *settings = study_settings(opts, "n", c);
    const struct analysis_set set = { c->study, "forgetting", settings };
    int rc = load(&p, r[0].model, c->n);

    if (rc == 0)
        rc = measure_all(&t, r, n, &p);
    if (rc == 0)
        rc = study_store(s, &set, &t, "forgetting");
    dataset_free(&p.first);
    dataset_free(&p.second);
    free(t.row);
    free(settings);
    return rc;
}

static int run(struct store *s, const void *cfg)
{
    const struct forgetting_cfg *c = cfg;
    const struct study_want w = { .study = c->study, .methods = c->methods, .task = c->task };
    struct study_run *r = NULL;
    int n = study_runs_done(&r, s, &w), rc = n < 0 ? -1 : 0;

    if (n > 0)
        rc = task_facts(probe) ? look(s, c, r, n) : -1;
    study_runs_free(r, n > 0 ? n : 0);
    return rc;
}

const struct analysis analysis_forgetting = {
    .name = "forgetting",
    .source = "beyond the paper; STS-B: Cer et al. 2017",
    .about = "what does training on a task cost of the sentence similarity that the encoder knew?",
    .opts = opts,
    .cfg_size = sizeof(struct forgetting_cfg),
    .run = run,
};
