/* forgetting.c - what does an encoder lose when it is trained on a task? Measured by zero-shot
 * sentence similarity on STS-B (Cer et al. 2017), before and after the training: Spearman's
 * correlation between the cosine of two sentences' embeddings (the means of their last hidden
 * states) and the scores that people gave. */
#include "ablations/analysis.h"
#include "ablations/common/analysis_settings.h"
#include "ablations/common/encode.h"
#include "ablations/common/numbers.h"
#include "ablations/common/similarity.h"
#include "experiments/assets/task_facts.h"
#include "results/stats/stats.h"

#include <stdlib.h>

struct forgetting_cfg {
    char *study, *methods, *task;
    long n;
};
static const struct opt opts[] = {
    STUDY_OPTION(struct forgetting_cfg, "methods"),
    METHODS_OPTION(struct forgetting_cfg),
    TASK_OPTION(struct forgetting_cfg),
    { "n", 0, OPT_INT, offsetof(struct forgetting_cfg, n), "500", 0, 1e6, NULL,
      "number of pairs from the dev split of STS-B; 0: all" },
    { .type = OPT_END },
};
static const char probe_task[] = "stsb";

struct probe {
    struct session *session;
    struct dataset first, second; /* the first and the second sentence of each pair */
};

static double correlation(const struct encoded *a, const struct encoded *b, const double *score)
{
    size_t last = (size_t)(a->places - 1) * (size_t)a->n * (size_t)a->d;
    double *cosine = xalloc((size_t)a->n, sizeof *cosine);

    for (int i = 0; i < a->n; i++) {
        size_t at = last + (size_t)i * (size_t)a->d;
        cosine[i] = similarity_cosine(a->text + at, b->text + at, 1, a->d);
    }
    double rho = stats_spearman(cosine, score, a->n);
    free(cosine);
    return rho;
}

/* The correlation that run R reaches, or, with R NULL, the pretrained model MODEL. */
static int measure_model(double *rho, const char *model, const struct study_run *r,
                         const struct probe *p)
{
    struct encoded a = { 0 }, b = { 0 };
    int rc = encode_run(&a, p->session, model, r, &p->first);

    if (rc == 0)
        rc = encode_run(&b, p->session, model, r, &p->second);
    if (rc == 0)
        *rho = correlation(&a, &b, p->first.target);
    encoded_free(&a);
    encoded_free(&b);
    return rc;
}

static int measure_runs(struct numbers *t, const struct study_run *r, int n, const struct probe *p)
{
    double base = 0, rho = 0;
    int rc = measure_model(&base, r[0].model, NULL, p);

    for (int i = 0; i < n && rc == 0; i++) {
        progress("run %d of %d", i + 1, n);
        rc = measure_model(&rho, NULL, &r[i], p);
        struct analysis_row x = { .run_a = r[i].run_id, .layer = -1, .proj = "" };
        x.name = "spearman", x.value = rho;
        numbers_add(t, x);
        x.name = "spearman_base", x.value = base;
        numbers_add(t, x);
    }
    return rc;
}

static int load_probe(struct probe *p, const char *model, long n)
{
    return encode_set(&p->first, p->session, model, probe_task, SPLIT_DEV, n, 0) == 0
               ? encode_set(&p->second, p->session, model, probe_task, SPLIT_DEV, n, 1)
               : -1;
}

static int measure_and_store(struct session *ses, struct store *s, const struct forgetting_cfg *c,
                             const struct study_run *r, int n)
{
    struct probe p = { .session = ses };
    struct numbers t = { 0 };
    char *settings = analysis_settings(opts, "n", c);
    const struct analysis_set set = { c->study, "forgetting", settings };
    int rc = load_probe(&p, r[0].model, c->n);

    if (rc == 0)
        rc = measure_runs(&t, r, n, &p);
    if (rc == 0)
        rc = numbers_store(s, &set, &t, "forgetting");
    dataset_free(&p.first);
    dataset_free(&p.second);
    numbers_free(&t);
    free(settings);
    return rc;
}

static int forgetting_run(struct session *ses, struct store *s, const void *cfg)
{
    const struct forgetting_cfg *c = cfg;
    const struct wanted_runs w = { .study = c->study, .methods = c->methods, .task = c->task };
    struct study_run *r = NULL;
    int n = study_runs_done(&r, s, &w), rc = n < 0 ? -1 : 0;

    if (n > 0)
        rc = task_facts(ses, probe_task) && study_runs_same_inputs(r, n, ses) == 0
                 ? measure_and_store(ses, s, c, r, n)
                 : -1;
    study_runs_free(r, n > 0 ? n : 0);
    return rc;
}

const struct analysis analysis_forgetting = {
    .name = "forgetting",
    .source = "beyond the paper; STS-B: Cer et al. 2017",
    .about = "how much sentence similarity does an encoder lose by training on a task?",
    .opts = opts,
    .cfg_size = sizeof(struct forgetting_cfg),
    .run = forgetting_run,
};
