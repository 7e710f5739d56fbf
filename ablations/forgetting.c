/* forgetting.c - what does an encoder lose when it is trained on a task? Measured by zero-shot
 * sentence similarity on STS-B (Cer et al. 2017), before and after the training: Spearman's
 * correlation between the cosine of two sentences' embeddings (the means of their last hidden
 * states) and the scores that people gave. */
#include "ablations/analysis.h"
#include "ablations/common/analysis_settings.h"
#include "ablations/common/numbers.h"
#include "ablations/common/sentence_probe.h"

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

/* The correlation that run R reaches, or, with R NULL, the pretrained model MODEL. */
static int measure_model(double *rho, struct session *ses, const char *model,
                         const struct study_run *r, const struct sentence_probe *p)
{
    struct adapted a;
    int rc = encode_open(&a, ses, model, r) == 0 ? sentence_probe_score(rho, &a.model, p) : -1;

    adapted_close(&a);
    return rc;
}

static int measure_runs(struct numbers *t, struct session *ses, const struct study_run *r, int n,
                        const struct sentence_probe *p)
{
    double base = 0, rho = 0;
    int rc = measure_model(&base, ses, r[0].model, NULL, p);

    for (int i = 0; i < n && rc == 0; i++) {
        progress("run %d of %d", i + 1, n);
        rc = measure_model(&rho, ses, NULL, &r[i], p);
        struct analysis_row x = { .run_a = r[i].run_id, .layer = -1, .proj = "" };
        x.name = "spearman", x.value = rho;
        numbers_add(t, x);
        x.name = "spearman_base", x.value = base;
        numbers_add(t, x);
    }
    return rc;
}

static int measure_and_store(struct session *ses, struct store *s, const struct forgetting_cfg *c,
                             const struct study_run *r, int n)
{
    struct sentence_probe p = { 0 };
    struct numbers t = { 0 };
    char *settings = analysis_settings(opts, "n", c);
    const struct analysis_set set = { c->study, "forgetting", settings };
    int rc = sentence_probe_load(&p, ses, r[0].model, c->n);

    if (rc == 0)
        rc = measure_runs(&t, ses, r, n, &p);
    if (rc == 0)
        rc = numbers_store(s, &set, &t, "forgetting");
    sentence_probe_free(&p);
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
        rc = sentence_probe_check(ses) == 0 && study_runs_same_inputs(r, n, ses) == 0
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
