/* amplify.c - does an update strengthen what W already does, or what W hardly does? Hu et al.
 * 2021, section 7.3, Table 7, for every layer and adapted matrix:
 *
 *     factor = || dW ||_F / || U^T W V ||_F
 *
 * with the singular directions U and V of dW. For comparison || U^T W V ||_F is also measured with
 * W's own top directions and with random ones. */
#include "ablations/analysis.h"
#include "ablations/common/basis.h"
#include "ablations/common/study_ranks.h"
#include "ablations/common/updates.h"

#include <math.h>
#include <stdlib.h>

struct amplify_cfg {
    char *study, *ranks, *targets, *task;
};
static const struct opt opts[] = {
    STUDY_OPTION(struct amplify_cfg, "rank"),
    { "ranks", 0, OPT_LIST, offsetof(struct amplify_cfg, ranks), NULL, 0, 0, NULL,
      "ranks of the runs; by default the study's smallest rank of at least 4, and its largest" },
    TARGETS_OPTION(struct amplify_cfg, "q|k|v|o|up|down|qkv"),
    TASK_OPTION(struct amplify_cfg),
    { .type = OPT_END },
};

/* || U^T W V ||_F with R random directions on each side. The singular directions of a random
 * Gaussian matrix are uniform and independent on its two sides, so those of two thin matrices can
 * stand in for them. Each run has a draw of its own, so that the results spread as those of seeds
 * do. */
static int project_random(double *x, const struct weight *w, const struct weight_update *u, int r)
{
    struct basis left = { 0 }, right = { 0 };
    uint32_t sub = proj_stream(w->layer, w->proj) * 2 + 100000;
    uint64_t seed = (uint64_t)u->run->seed * 65537 + (uint64_t)u->run->rank;
    int rc = basis_random(&left, r, w->out, seed, sub);

    if (rc == 0)
        rc = basis_random(&right, r, w->in, seed, sub + 1);
    if (rc == 0)
        *x = spectrum_project(left.u, right.u, r, w->w, w->out, w->in);
    free(left.u);
    free(right.u);
    return rc;
}

static int amplify_visit(void *ctx, const struct weight *w, const struct weight_update *u)
{
    struct numbers *t = ctx;
    struct spectrum d = { 0 };
    double random = 0;

    if (weight_update_svd(&d, u) != 0)
        return -1;
    int r = u->run->rank < d.k ? u->run->rank : d.k;
    int rc = project_random(&random, w, u, r);
    if (rc == 0) {
        double norm = spectrum_norm(d.s, (size_t)d.k), onto = NAN;
        if (norm > 0)
            onto = spectrum_project(d.u, d.v, r, w->w, w->out, w->in);
        const struct {
            const char *name;
            double value;
        } x[] = {
            { "norm_w", spectrum_norm(w->svd.s, (size_t)w->svd.k) },
            { "norm_dw", norm },
            { "proj_dw", onto },
            { "proj_w", spectrum_norm(w->svd.s, (size_t)r) }, /* here U^T W V = diag(s) */
            { "proj_random", random },
            { "factor", onto > 0 ? norm / onto : NAN },
            { "scale", u->scale },
        };
        for (size_t i = 0; i < ARRAY_LEN(x); i++)
            updates_add_number(t, w, u->run, r, r, x[i].name, x[i].value);
    }
    spectrum_free(&d);
    return rc;
}

static int amplify_run(struct session *ses, struct store *s, const void *cfg)
{
    const struct amplify_cfg *c = cfg;
    struct wanted_runs w = {
        .study = c->study, .methods = "lora", .targets = c->targets, .task = c->task
    };
    struct numbers t = { 0 };
    const struct update_visitor v = {
        .session = ses, .study = c->study, .svd = true, .visit = amplify_visit, .ctx = &t
    };
    const struct analysis_set set = { c->study, "amplify", "" };
    char *ranks = NULL;
    int rc = study_ranks(&ranks, s, &w, c->ranks, 4, 2);

    w.ranks = ranks;
    if (rc == 0)
        rc = updates_measure(s, &w, &v, &t, &set, "amplify");
    free(ranks);
    return rc;
}

const struct analysis analysis_amplify = {
    .name = "amplify",
    .source = "Hu et al. 2021, section 7.3, Table 7",
    .about = "how strongly does an update amplify directions that W does not emphasize?",
    .opts = opts,
    .cfg_size = sizeof(struct amplify_cfg),
    .run = amplify_run,
};
