/* intruder.c - does an update bring strong new directions into a matrix? Shuttleworth et al. 2024,
 * "LoRA vs full fine-tuning: an illusion of equivalence": LoRA does, full fine-tuning hardly. */
#include "ablations/intruder.h"
#include "ablations/analysis.h"
#include "ablations/common/analysis_settings.h"
#include "ablations/common/updates.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct intruder_cfg {
    char *study, *methods, *task;
    long top;
    double eps;
};
static const struct opt opts[] = {
    STUDY_OPTION(struct intruder_cfg, "methods"),
    UPDATE_METHODS_OPTION(struct intruder_cfg),
    TASK_OPTION(struct intruder_cfg),
    { "top", 0, OPT_INT, offsetof(struct intruder_cfg, top), "10", 1, 65536, NULL,
      "how many of the strongest directions of W + dW are checked" },
    { "eps", 0, OPT_REAL, offsetof(struct intruder_cfg, eps), "0.5", 0, 1, NULL,
      "a direction is an intruder if its |cosine| with every direction of W is below this" },
    { .type = OPT_END },
};

/* The largest |cosine| of X [out] with a left singular vector of W. */
static double largest_cosine(const double *x, const struct spectrum *w)
{
    double best = 0;

    for (int j = 0; j < w->k; j++) {
        const double *y = w->u + (size_t)j * (size_t)w->out;
        double dot = 0;
        for (int i = 0; i < w->out; i++)
            dot += x[i] * y[i];
        best = fmax(best, fabs(dot));
    }
    return best;
}

int intruder_count(double *nearest, double *found, const struct spectrum *wsvd, const double *w,
                   const double *dw, int top, double eps)
{
    size_t size = (size_t)wsvd->out * (size_t)wsvd->in;
    double *sum = xalloc(size, sizeof *sum), least = 1;
    struct spectrum s = { 0 };
    int n = 0;

    CHECK(top >= 1 && top <= wsvd->k, "%d of %d", top, wsvd->k);
    for (size_t i = 0; i < size; i++)
        sum[i] = w[i] + dw[i];
    int rc = spectrum_of(&s, sum, wsvd->out, wsvd->in);
    for (int i = 0; i < top && rc == 0; i++) {
        const double *u = s.u + (size_t)i * (size_t)s.out;
        double cosine = largest_cosine(u, wsvd);
        if (cosine < eps && found)
            memcpy(found + (size_t)n * (size_t)s.out, u, (size_t)s.out * sizeof *u);
        n += cosine < eps;
        least = fmin(least, cosine);
    }
    if (nearest)
        *nearest = least;
    spectrum_free(&s);
    free(sum);
    return rc == 0 ? n : -1;
}

struct counting {
    const struct intruder_cfg *c;
    struct numbers t;
};

static int intruder_visit(void *ctx, const struct weight *w, const struct weight_update *u)
{
    struct counting *k = ctx;
    int top = k->c->top < w->svd.k ? (int)k->c->top : w->svd.k;
    double nearest;
    int n = intruder_count(&nearest, NULL, &w->svd, w->w, u->dw, top, k->c->eps);

    if (n < 0)
        return fail_context("the update of run %.8s", u->run->key);
    updates_add_number(&k->t, w, u->run, top, 0, "intruders", n);
    updates_add_number(&k->t, w, u->run, top, 0, "least_cosine", nearest);
    return 0;
}

static int intruder_run(struct session *ses, struct store *s, const void *cfg)
{
    const struct intruder_cfg *c = cfg;
    const struct wanted_runs w = { .study = c->study, .methods = c->methods, .task = c->task };
    struct counting k = { .c = c };
    const struct update_visitor v = {
        .session = ses, .study = c->study, .svd = true, .visit = intruder_visit, .ctx = &k
    };
    char *settings = analysis_settings(opts, "top", cfg);
    const struct analysis_set set = { c->study, "intruder", settings };
    int rc = updates_measure(s, &w, &v, &k.t, &set, "intruder");

    free(settings);
    return rc;
}

const struct analysis analysis_intruder = {
    .name = "intruder",
    .source = "Shuttleworth et al. 2024, arXiv 2410.21228, section 3",
    .about = "do updates bring strong new directions into a matrix?",
    .opts = opts,
    .cfg_size = sizeof(struct intruder_cfg),
    .run = intruder_run,
};
