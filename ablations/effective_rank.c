/* effective_rank.c - how many directions does an update need? Of LoRA's, and of what full
 * fine-tuning added to each matrix, W_ft - W_0: the hypothesis behind LoRA (Hu et al. 2021, section
 * 1) is that the second is small, too. */
#include "ablations/analysis.h"
#include "ablations/common/update.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct effective_rank_cfg {
    char *study, *methods, *task;
};
static const struct opt opts[] = {
    { "study", 0, OPT_STR, offsetof(struct effective_rank_cfg, study), "methods", 0, 0, NULL,
      "a finished study" },
    { "methods", 0, OPT_STR, offsetof(struct effective_rank_cfg, methods), "lora,ft", 0, 0, NULL,
      "methods of the runs: lora, and those that train whole matrices" },
    { "task", 0, OPT_STR, offsetof(struct effective_rank_cfg, task), NULL, 0, 0, NULL,
      "task of the runs, where the study has several" },
    { .type = OPT_END },
};

/* Smallest k for which the first k directions hold SHARE of sum s^2. */
static int rank_holding(double share, const struct spectrum *s, double total)
{
    double sum = 0;
    int k = 0;

    while (k < s->k && sum < share * total) {
        sum += s->s[k] * s->s[k];
        k++;
    }
    return k;
}

static int see(void *ctx, const struct weight *w, const struct update *u)
{
    struct numbers *t = ctx;
    struct spectrum s = { 0 };

    if (update_svd(&s, u) != 0)
        return -1;
    double norm = norm_of(s.s, (size_t)s.k), total = norm * norm;
    const struct {
        const char *name;
        double value;
    } x[] = {
        { "rank90", total > 0 ? rank_holding(0.9, &s, total) : NAN },
        { "rank99", total > 0 ? rank_holding(0.99, &s, total) : NAN },
        { "stable_rank", total > 0 ? total / (s.s[0] * s.s[0]) : NAN },
        { "full_rank", u->r },
        { "norm_dw", norm },
        { "norm_w", norm_of(w->w, (size_t)w->out * (size_t)w->in) },
    };
    for (size_t i = 0; i < ARRAY_LEN(x); i++)
        numbers_add(t, w, u->run, 0, 0, x[i].name, x[i].value);
    spectrum_free(&s);
    return 0;
}

static int run(struct store *s, const void *cfg)
{
    const struct effective_rank_cfg *c = cfg;
    const struct study_want w = { .study = c->study, .methods = c->methods, .task = c->task };
    struct numbers t = { 0 };
    const struct visit v = { .study = c->study, .see = see, .ctx = &t };
    const struct analysis_set set = { c->study, "effective_rank", "" };

    return updates_measure(s, &w, &v, &t, &set, "effective_rank");
}

const struct analysis analysis_effective_rank = {
    .name = "effective_rank",
    .source = "beyond the paper: its section 1's hypothesis, for full fine-tuning as well",
    .about = "how many directions do updates need, of LoRA and of full fine-tuning?",
    .opts = opts,
    .cfg_size = sizeof(struct effective_rank_cfg),
    .run = run,
};
