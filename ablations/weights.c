/* weights.c - does an update use directions that W itself emphasises? Hu et al. 2021, appendix
 * H.4, figure 8: phi between the directions of dW and those of W. */
#include "ablations/analysis.h"
#include "ablations/common/basis.h"
#include "ablations/common/update.h"

#include <stdlib.h>
#include <string.h>

enum { INPUT, OUTPUT };
struct weights_cfg {
    char *study, *ranks, *targets, *task;
    int side;
    long upto, steps;
};
static const struct opt opts[] = {
    { "study", 0, OPT_STR, offsetof(struct weights_cfg, study), "rank", 0, 0, NULL,
      "a finished study" },
    { "ranks", 0, OPT_LIST, offsetof(struct weights_cfg, ranks), NULL, 0, 0, NULL,
      "ranks; without it the study's two smallest from 4 and its largest" },
    { "targets", 0, OPT_LIST, offsetof(struct weights_cfg, targets), "q,v", 0, 0,
      "q|k|v|o|up|down|qkv", "target set of the runs; each of its matrices is compared" },
    { "task", 0, OPT_STR, offsetof(struct weights_cfg, task), NULL, 0, 0, NULL,
      "task of the runs, where the study has several" },
    { "side", 0, OPT_CHOICE, offsetof(struct weights_cfg, side), "input", 0, 0, "input|output",
      "directions that the matrix reads (right ones; of LoRA those of A, as in the paper) or "
      "writes" },
    { "upto", 0, OPT_INT, offsetof(struct weights_cfg, upto), "0", 0, 65536, NULL,
      "directions of W to compare with; 0: a quarter of all" },
    { "steps", 0, OPT_INT, offsetof(struct weights_cfg, steps), "48", 1, 4096, NULL,
      "at so many numbers of directions of W" },
    { .type = OPT_END },
};
enum { MOST_DW = 64 }; /* directions of dW */

struct comparing {
    const struct weights_cfg *c;
    struct numbers t;
    int widest; /* rank for the random matrix */
    int layer;  /* of the last matrix that has its random one */
    enum proj proj;
};

/* phi(i, j) of D, the directions of a dW (or of a random matrix: RUN is NULL), and those of W. */
static void compare(struct comparing *k, const struct weight *w, const struct study_run *run,
                    const struct basis *d, const struct basis *of_w)
{
    int n = d->r < MOST_DW ? d->r : MOST_DW;
    int m = k->c->upto > 0 ? (int)k->c->upto : of_w->d / 4;
    m = m < 1 ? 1 : m < of_w->r ? m : of_w->r;
    int step = (m + (int)k->c->steps - 1) / (int)k->c->steps;
    double *phi = xalloc((size_t)n * (size_t)m, sizeof *phi);

    basis_phi(phi, n, m, d, of_w);
    for (int i = 0; i < n; i++)
        for (int j = step - 1; j < m; j += step)
            numbers_add(&k->t, w, run, i + 1, j + 1, "phi", phi[(size_t)i * (size_t)m + (size_t)j]);
    free(phi);
}

static struct basis side_of(const struct comparing *k, const struct spectrum *s)
{
    return k->c->side == INPUT ? (struct basis){ .r = s->k, .d = s->in, .u = s->v }
                               : (struct basis){ .r = s->k, .d = s->out, .u = s->u };
}

static int compare_random(struct comparing *k, const struct weight *w, const struct basis *of_w)
{
    struct basis b = { 0 };
    int r = k->widest < of_w->d ? k->widest : of_w->d;
    int rc = basis_random(&b, r, of_w->d, 1, (uint32_t)(w->layer * N_PROJ + (int)w->proj) + 200000);

    if (rc == 0)
        compare(k, w, NULL, &b, of_w);
    free(b.u);
    return rc;
}

static int see(void *ctx, const struct weight *w, const struct update *u)
{
    struct comparing *k = ctx;
    struct spectrum s = { 0 };
    struct basis of_w = side_of(k, &w->svd);
    int rc = 0;

    if (k->layer != w->layer || k->proj != w->proj)
        rc = compare_random(k, w, &of_w);
    k->layer = w->layer;
    k->proj = w->proj;
    if (rc == 0)
        rc = update_svd(&s, u);
    if (rc == 0) {
        struct basis d = side_of(k, &s);
        if (d.r > u->run->rank) /* the rank of a folder that holds several pairs as one */
            d.r = u->run->rank;
        compare(k, w, u->run, &d, &of_w);
    }
    spectrum_free(&s);
    return rc;
}

/* The largest of "4,8,64". */
static int widest_of(const char *ranks)
{
    int widest = 0;

    for (char *end; *ranks; ranks = end + strspn(end, ",")) {
        int rank = (int)strtol(ranks, &end, 10);
        widest = rank > widest ? rank : widest;
    }
    return widest;
}

static int run(struct store *s, const void *cfg)
{
    const struct weights_cfg *c = cfg;
    struct study_want w = {
        .study = c->study, .methods = "lora", .targets = c->targets, .task = c->task
    };
    struct comparing k = { .c = c, .layer = -1 };
    const struct visit v = { .study = c->study, .svd = true, .see = see, .ctx = &k };
    char *ranks = NULL, *settings = study_settings(opts, "side", cfg);
    const struct analysis_set set = { c->study, "weights", settings };
    int rc = study_ranks(&ranks, s, &w, c->ranks, 4, 3);

    w.ranks = ranks;
    if (rc == 0) {
        k.widest = widest_of(ranks);
        rc = updates_measure(s, &w, &v, &k.t, &set, "phi_weight");
    }
    free(settings);
    free(ranks);
    return rc;
}

const struct analysis analysis_weights = {
    .name = "weights",
    .source = "Hu et al. 2021, appendix H.4, figure 8",
    .about = "does an update use directions that the frozen matrix emphasises?",
    .opts = opts,
    .cfg_size = sizeof(struct weights_cfg),
    .run = run,
};
