/* amplify.c - does an update strengthen what W already does, or what W hardly does? Hu et al.
 * 2021, section 7.3, Table 7, for every layer and adapted matrix:
 *
 *     factor = || dW ||_F / || U^T W V ||_F
 *
 * with the singular directions U and V of dW. For comparison || U^T W V ||_F is also measured with
 * W's own top directions, and computed for random ones ("proj_random"): for U and V uniform on the
 * r-dimensional subspaces of R^d_out and R^d_in, E U U^T = r / d_out I, so
 *
 *     E || U^T W V ||_F^2 = || W ||_F^2 r^2 / (d_out d_in)
 *
 * and its root is stored. Until schema 6 one draw for each run and matrix stood in its place. */
#include "ablations/analysis.h"
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

static int amplify_visit(void *ctx, const struct weight *w, const struct weight_update *u)
{
    struct numbers *t = ctx;
    struct spectrum d = { 0 };

    if (weight_update_svd(&d, u) != 0)
        return -1;
    int r = u->run->rank < d.k ? u->run->rank : d.k;
    double norm = spectrum_norm(d.s, (size_t)d.k), onto = NAN;
    double norm_w = spectrum_norm(w->svd.s, (size_t)w->svd.k);
    if (norm > 0)
        onto = spectrum_project(d.u, d.v, r, w->w, w->out, w->in);
    const struct {
        const char *name;
        double value;
    } x[] = {
        { "norm_w", norm_w },
        { "norm_dw", norm },
        { "proj_dw", onto },
        { "proj_w", spectrum_norm(w->svd.s, (size_t)r) }, /* here U^T W V = diag(s) */
        { "proj_random", norm_w * r / sqrt((double)w->out * w->in) },
        { "factor", onto > 0 ? norm / onto : NAN },
        { "scale", u->scale },
    };
    for (size_t i = 0; i < ARRAY_LEN(x); i++)
        updates_add_number(t, w, u->run, r, r, x[i].name, x[i].value);
    spectrum_free(&d);
    return 0;
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
