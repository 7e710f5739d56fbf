/* weights.c - does an update use directions that W itself emphasizes? Hu et al. 2021, appendix H.4,
 * Figure 8: phi between the directions of dW and those of W. */
#include "ablations/analysis.h"
#include "ablations/common/analysis_settings.h"
#include "ablations/common/basis.h"
#include "ablations/common/study_ranks.h"
#include "ablations/common/updates.h"

#include <stdlib.h>
#include <string.h>

enum { INPUT, OUTPUT };
struct weights_cfg {
    char *study, *ranks, *targets, *task;
    int side;
    long upto, steps;
};
static const struct opt opts[] = {
    STUDY_OPTION(struct weights_cfg, "rank"),
    { "ranks", 0, OPT_LIST, offsetof(struct weights_cfg, ranks), NULL, 0, 0, NULL,
      "ranks of the runs; by default the study's two smallest ranks of at least 4, and its "
      "largest" },
    TARGETS_OPTION(struct weights_cfg, "q|k|v|o|up|down|qkv"),
    TASK_OPTION(struct weights_cfg),
    { "side", 0, OPT_CHOICE, offsetof(struct weights_cfg, side), "input", 0, 0, "input|output",
      "compare right singular directions, which a matrix reads (for LoRA those of A, as in the "
      "paper), or left ones, which it writes" },
    { "upto", 0, OPT_INT, offsetof(struct weights_cfg, upto), "0", 0, 65536, NULL,
      "number of directions of W to compare with; 0: a quarter of all" },
    { "steps", 0, OPT_INT, offsetof(struct weights_cfg, steps), "48", 1, 4096, NULL,
      "how many values of j, evenly spaced up to that number, phi(i, j) is stored for" },
    { .type = OPT_END },
};
enum { MOST_DW = 64 }; /* directions of dW that are compared */

struct comparing {
    const struct weights_cfg *c;
    struct numbers t;
    int largest_rank; /* number of random directions */
    int layer;        /* the matrix last compared with random directions */
    enum proj proj;
};

/* Add phi(i, j) between D, R directions of the update of RUN, and OF_W, the directions of matrix W.
 * For RUN NULL and D NULL it is that of R random directions, on average. */
static void compare_bases(struct comparing *k, const struct weight *w, const struct study_run *run,
                          const struct basis *d, int r, const struct basis *of_w)
{
    int n = r < MOST_DW ? r : MOST_DW;
    int m = k->c->upto > 0 ? (int)k->c->upto : of_w->d / 4;
    m = m < 1 ? 1 : m < of_w->r ? m : of_w->r;
    int step = (m + (int)k->c->steps - 1) / (int)k->c->steps;
    double *phi = xalloc((size_t)n * (size_t)m, sizeof *phi);

    if (d)
        basis_phi(phi, n, m, d, of_w);
    for (int i = 0; i < n && !d; i++)
        for (int j = 0; j < m; j++)
            phi[(size_t)i * (size_t)m + (size_t)j] = basis_phi_random(i + 1, j + 1, of_w->d);
    for (int i = 0; i < n; i++)
        for (int j = step - 1; j < m; j += step)
            updates_add_number(&k->t, w, run, i + 1, j + 1, "phi",
                               phi[(size_t)i * (size_t)m + (size_t)j]);
    free(phi);
}

/* The directions of S on the chosen side. They still belong to S. */
static struct basis chosen_side(const struct comparing *k, const struct spectrum *s)
{
    return k->c->side == INPUT ? (struct basis){ .r = s->k, .d = s->in, .u = s->v }
                               : (struct basis){ .r = s->k, .d = s->out, .u = s->u };
}

static int weights_visit(void *ctx, const struct weight *w, const struct weight_update *u)
{
    struct comparing *k = ctx;
    struct spectrum s = { 0 };
    struct basis of_w = chosen_side(k, &w->svd);
    int r = k->largest_rank < of_w.d ? k->largest_rank : of_w.d;

    if (k->layer != w->layer || k->proj != w->proj)
        compare_bases(k, w, NULL, NULL, r, &of_w);
    k->layer = w->layer;
    k->proj = w->proj;
    int rc = weight_update_svd(&s, u);
    if (rc == 0) {
        struct basis d = chosen_side(k, &s);
        if (d.r > u->run->rank) /* the file holds the updates of several matrices as one */
            d.r = u->run->rank;
        compare_bases(k, w, u->run, &d, d.r, &of_w);
    }
    spectrum_free(&s);
    return rc;
}

/* The largest of a list such as "4,8,64". */
static int largest_rank(const char *ranks)
{
    int largest = 0;

    for (char *end; *ranks; ranks = end + strspn(end, ",")) {
        int rank = (int)strtol(ranks, &end, 10);
        largest = rank > largest ? rank : largest;
    }
    return largest;
}

static int weights_run(struct session *ses, struct store *s, const void *cfg)
{
    const struct weights_cfg *c = cfg;
    struct wanted_runs w = {
        .study = c->study, .methods = "lora", .targets = c->targets, .task = c->task
    };
    struct comparing k = { .c = c, .layer = -1 };
    const struct update_visitor v = {
        .session = ses, .study = c->study, .svd = true, .visit = weights_visit, .ctx = &k
    };
    char *ranks = NULL, *settings = analysis_settings(opts, "side", cfg);
    const struct analysis_set set = { c->study, "weights", settings };
    int rc = study_ranks(&ranks, s, &w, c->ranks, 4, 3);

    w.ranks = ranks;
    if (rc == 0) {
        k.largest_rank = largest_rank(ranks);
        rc = updates_measure(s, &w, &v, &k.t, &set, "phi_weight");
    }
    free(settings);
    free(ranks);
    return rc;
}

const struct analysis analysis_weights = {
    .name = "weights",
    .source = "Hu et al. 2021, appendix H.4, Figure 8",
    .about = "does an update use directions that the frozen matrix emphasizes?",
    .opts = opts,
    .cfg_size = sizeof(struct weights_cfg),
    .run = weights_run,
};
