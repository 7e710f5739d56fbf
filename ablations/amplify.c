/* amplify.c - does an update strengthen what W already does, or what it hardly does? Hu et al.
 * 2021, section 7.3, table 7, for every layer and adapted matrix. */
#include "ablations/analysis.h"
#include "ablations/common/basis.h"
#include "ablations/common/update.h"

#include <math.h>
#include <stdlib.h>

struct amplify_cfg {
    char *study, *ranks, *targets, *task;
};
static const struct opt opts[] = {
    { "study", 0, OPT_STR, offsetof(struct amplify_cfg, study), "rank", 0, 0, NULL,
      "a finished study" },
    { "ranks", 0, OPT_LIST, offsetof(struct amplify_cfg, ranks), NULL, 0, 0, NULL,
      "ranks; without it the study's smallest from 4 and its largest" },
    { "targets", 0, OPT_LIST, offsetof(struct amplify_cfg, targets), "q,v", 0, 0,
      "q|k|v|o|up|down|qkv", "target set of the runs; each of its matrices is measured" },
    { "task", 0, OPT_STR, offsetof(struct amplify_cfg, task), NULL, 0, 0, NULL,
      "task of the runs, where the study has several" },
    { .type = OPT_END },
};

/* The singular directions of a random Gaussian matrix are independent on both sides and uniform, so
 * those of two thin ones stand for them. A draw for each run, so that they spread as seeds do. */
static int random_norm(double *x, const struct weight *w, const struct update *u, int r)
{
    struct basis left = { 0 }, right = { 0 };
    uint32_t sub = (uint32_t)(w->layer * N_PROJ + (int)w->proj) * 2 + 100000;
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

static int see(void *ctx, const struct weight *w, const struct update *u)
{
    struct numbers *t = ctx;
    struct spectrum d = { 0 };
    double random = 0;

    if (update_svd(&d, u) != 0)
        return -1;
    int r = u->run->rank < d.k ? u->run->rank : d.k;
    int rc = random_norm(&random, w, u, r);
    if (rc == 0) {
        double norm = norm_of(d.s, (size_t)d.k), onto = NAN;
        if (norm > 0)
            onto = spectrum_project(d.u, d.v, r, w->w, w->out, w->in);
        const struct {
            const char *name;
            double value;
        } x[] = {
            { "norm_w", norm_of(w->svd.s, (size_t)w->svd.k) },
            { "norm_dw", norm },
            { "proj_dw", onto },
            { "proj_w", norm_of(w->svd.s, (size_t)r) }, /* U^T W V = diag(s) */
            { "proj_random", random },
            { "factor", onto > 0 ? norm / onto : NAN },
            { "scale", u->scale },
        };
        for (size_t i = 0; i < ARRAY_LEN(x); i++)
            numbers_add(t, w, u->run, r, r, x[i].name, x[i].value);
    }
    spectrum_free(&d);
    return rc;
}

static int run(struct store *s, const void *cfg)
{
    const struct amplify_cfg *c = cfg;
    struct study_want w = {
        .study = c->study, .methods = "lora", .targets = c->targets, .task = c->task
    };
    struct numbers t = { 0 };
    const struct visit v = { .study = c->study, .svd = true, .see = see, .ctx = &t };
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
    .source = "Hu et al. 2021, section 7.3, table 7",
    .about = "how far does an update amplify directions that W does not emphasise?",
    .opts = opts,
    .cfg_size = sizeof(struct amplify_cfg),
    .run = run,
};
