/* effective_rank.c - how many directions does an update need? LoRA rests on the hypothesis (Hu et
 * al. 2021, section 1) that the update of full fine-tuning, W_ft - W_0, would need few, too. */
#include "ablations/analysis.h"
#include "ablations/common/updates.h"

#include <math.h>

struct effective_rank_cfg {
    char *study, *methods, *task;
};
static const struct opt opts[] = {
    STUDY_OPTION(struct effective_rank_cfg, "methods"),
    UPDATE_METHODS_OPTION(struct effective_rank_cfg),
    TASK_OPTION(struct effective_rank_cfg),
    { .type = OPT_END },
};

/* The smallest k for which the first k directions have SHARE of TOTAL = sum s^2. */
static int rank_with_share(double share, const struct spectrum *s, double total)
{
    double sum = 0;
    int k = 0;

    while (k < s->k && sum < share * total) {
        sum += s->s[k] * s->s[k];
        k++;
    }
    return k;
}

static int effective_rank_visit(void *ctx, const struct weight *w, const struct weight_update *u)
{
    struct numbers *t = ctx;
    struct spectrum s = { 0 };

    if (weight_update_svd(&s, u) != 0)
        return -1;
    double norm = spectrum_norm(s.s, (size_t)s.k), total = norm * norm;
    const struct {
        const char *name;
        double value;
    } x[] = {
        { "rank90", total > 0 ? rank_with_share(0.9, &s, total) : NAN },
        { "rank99", total > 0 ? rank_with_share(0.99, &s, total) : NAN },
        { "stable_rank", total > 0 ? total / (s.s[0] * s.s[0]) : NAN },
        { "full_rank", u->r },
        { "norm_dw", norm },
        { "norm_w", spectrum_norm(w->w, (size_t)w->out * (size_t)w->in) },
    };
    for (size_t i = 0; i < ARRAY_LEN(x); i++)
        updates_add_number(t, w, u->run, 0, 0, x[i].name, x[i].value);
    spectrum_free(&s);
    return 0;
}

static int effective_rank_run(struct session *ses, struct store *s, const void *cfg)
{
    const struct effective_rank_cfg *c = cfg;
    const struct wanted_runs w = { .study = c->study, .methods = c->methods, .task = c->task };
    struct numbers t = { 0 };
    const struct update_visitor v = {
        .session = ses, .study = c->study, .visit = effective_rank_visit, .ctx = &t
    };
    const struct analysis_set set = { c->study, "effective_rank", "" };

    return updates_measure(s, &w, &v, &t, &set, "effective_rank");
}

const struct analysis analysis_effective_rank = {
    .name = "effective_rank",
    .source = "beyond the paper: the hypothesis of its section 1, for full fine-tuning as well",
    .about = "how many directions do the updates of LoRA and of full fine-tuning need?",
    .opts = opts,
    .cfg_size = sizeof(struct effective_rank_cfg),
    .run = effective_rank_run,
};
