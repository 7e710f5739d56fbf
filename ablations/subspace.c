/* subspace.c - do adapters of different rank, or of different seeds, find the same directions? Hu
 * et al. 2021, section 7.2, figures 3, 4, 6 and 7: phi between the adapters of a finished study. */
#include "ablations/analysis.h"
#include "ablations/common/basis.h"
#include "ablations/common/study_runs.h"

#include <stdlib.h>
#include <string.h>

struct subspace_cfg {
    char *study, *ranks, *targets, *task, *seeds;
    long upto;
};
static const struct opt opts[] = {
    { "study", 0, OPT_STR, offsetof(struct subspace_cfg, study), "rank", 0, 0, NULL,
      "a finished study" },
    { "ranks", 0, OPT_LIST, offsetof(struct subspace_cfg, ranks), NULL, 0, 0, NULL,
      "two ranks to compare; without it the study's smallest from 8 and its largest" },
    { "targets", 0, OPT_LIST, offsetof(struct subspace_cfg, targets), "q,v", 0, 0,
      "q|k|v|o|up|down", "target set of the runs; each of its matrices is compared" },
    { "task", 0, OPT_STR, offsetof(struct subspace_cfg, task), NULL, 0, 0, NULL,
      "task of the runs, where the study has several" },
    { "seeds", 0, OPT_LIST, offsetof(struct subspace_cfg, seeds), NULL, 0, 0, NULL,
      "compare these, each with the next, the last with the first, and ranks of each; without it "
      "all that both ranks have finished" },
    { "upto", 0, OPT_INT, offsetof(struct subspace_cfg, upto), "64", 1, 1024, NULL,
      "compare at most so many directions" },
    { .type = OPT_END },
};

/* A run and the directions its adapter uses. */
struct side {
    struct study_run *run; /* one; n_runs 0: none yet */
    int n_runs;
    struct basis *b;
    int n;
};

/* --- which runs */

static int pick_ranks(long rank[2], struct store *s, const struct subspace_cfg *c)
{
    const struct study_want w = { .study = c->study, .targets = c->targets, .task = c->task };
    char *list, *end;

    if (study_ranks(&list, s, &w, c->ranks, 8, 2) != 0)
        return -1;
    rank[0] = strtol(list, &end, 10);
    rank[1] = *end == ',' ? strtol(end + 1, &end, 10) : 0;
    int rc = *end || rank[1] < 1
                 ? fail(FAIL_USAGE, "'ranks' must be two ranks as 8,64, not '%s'", list)
                 : 0;
    free(list);
    return rc;
}

/* "1,2,3". Returns how many; *OUT is the caller's. */
static int given_seeds(long **out, const char *list)
{
    const char *s = list;
    int n = 0;

    *out = xalloc(strlen(list) + 1, sizeof **out);
    for (char *end; *s; s = end + (*end == ',')) {
        long seed = strtol(s, &end, 10);
        if (end == s || seed < 0 || (*end && *end != ','))
            break;
        (*out)[n++] = seed;
    }
    if (!*s && n > 0)
        return n;
    return fail(FAIL_USAGE, "'seeds' must be seeds as 1,2,3, not '%s'", list);
}

static bool finished(const struct study_run *r, int n, long rank, long seed)
{
    for (int i = 0; i < n; i++)
        if (r[i].rank == rank && r[i].seed == seed &&
            strcmp(r[i].state, state_names[STATE_DONE]) == 0)
            return true;
    return false;
}

/* The seeds with which both ranks are finished; where there is none, 1: loading it says what is
 * missing. Returns how many. */
static int found_seeds(long **out, struct store *s, const struct subspace_cfg *c,
                       const long rank[2])
{
    char *ranks = xprintf("%ld,%ld", rank[0], rank[1]);
    const struct study_want w = {
        .study = c->study, .methods = "lora", .targets = c->targets, .task = c->task, .ranks = ranks
    };
    struct study_run *r;
    int n = study_runs(&r, s, &w), found = 0;

    free(ranks);
    if (n < 0)
        return -1;
    *out = xalloc((size_t)n + 1, sizeof **out);
    for (int i = 0; i < n; i++)
        if (r[i].rank == rank[0] && finished(&r[i], 1, rank[0], r[i].seed) &&
            finished(r, n, rank[1], r[i].seed))
            (*out)[found++] = r[i].seed;
    study_runs_free(r, n);
    if (found == 0)
        (*out)[found++] = 1;
    return found;
}

/* One finished run among N, or a line that says what to do. */
static int check_found(const struct study_run *r, int n, const struct subspace_cfg *c,
                       const char *recipe, long rank, long seed)
{
    char *which = xprintf("rank %ld, targets %s, seed %ld", rank, c->targets, seed);

    if (n == 0)
        fail(FAIL_RUN, "study '%s' has no run with %s: lowrank sweep %s with more seeds or ranks",
             c->study, which, recipe);
    else if (n > 1 && strcmp(r[0].task, r[1].task) != 0)
        fail(FAIL_USAGE, "study '%s' has %d runs with %s (tasks %s and %s); choose one with --task",
             c->study, n, which, r[0].task, r[1].task);
    else if (n > 1 && strcmp(r[0].model, r[1].model) != 0)
        fail(
            FAIL_INPUT,
            "study '%s' has runs %.8s of model '%s' and %.8s of '%s' with %s: updates of different "
            "weights cannot be compared",
            c->study, r[0].key, r[0].model, r[1].key, r[1].model, which);
    else if (n > 1)
        fail(
            FAIL_USAGE,
            "study '%s' has %d runs with %s (%.8s and %.8s): which is meant is not clear, since it "
            "varies other keys as well",
            c->study, n, which, r[0].key, r[1].key);
    else if (strcmp(r->state, state_names[STATE_DONE]) != 0)
        fail(FAIL_RUN, "run %.8s (%s) is %s: lowrank sweep %s", r->key, which, r->state, recipe);
    bool ok = n == 1 && strcmp(r->state, state_names[STATE_DONE]) == 0;
    free(which);
    return ok ? 0 : -1;
}

static void wanted_of(bool wanted[N_PROJ], const char *targets)
{
    char *list = xprintf(",%s,", targets);

    for (int p = 0; p < N_PROJ; p++) {
        char *word = xprintf(",%s,", proj_names[p]);
        wanted[p] = strstr(list, word) != NULL;
        free(word);
    }
    free(list);
}

static int load(struct side *side, struct store *s, const struct subspace_cfg *c, long rank,
                long seed)
{
    char rank_text[24], seed_text[24];
    const struct study_want w = { .study = c->study,
                                  .methods = "lora",
                                  .targets = c->targets,
                                  .task = c->task,
                                  .ranks = rank_text,
                                  .seed = seed_text };
    bool wanted[N_PROJ];

    snprintf(rank_text, sizeof rank_text, "%ld", rank);
    snprintf(seed_text, sizeof seed_text, "%ld", seed);
    side->n_runs = study_runs(&side->run, s, &w);
    if (side->n_runs < 0)
        return -1;
    char *recipe = study_recipe(s, c->study);
    int found = check_found(side->run, side->n_runs, c, recipe, rank, seed);
    free(recipe);
    if (found != 0)
        return -1;
    wanted_of(wanted, c->targets);
    char *path = study_run_file(side->run);
    side->n = path ? basis_load(&side->b, path, wanted) : -1;
    bool ok = side->n > 0 && side->b[0].r == rank;
    if (side->n > 0 && !ok)
        fail(FAIL_INPUT, "'%s' has rank %d, not %ld", path, side->b[0].r, rank);
    free(path);
    return ok ? 0 : -1;
}

static void side_free(struct side *side)
{
    study_runs_free(side->run, side->n_runs > 0 ? side->n_runs : 0);
    basis_free(side->b, side->n > 0 ? side->n : 0);
}

/* --- the numbers */

/* NAME: "phi_rank", "phi_seed", "phi_random". */
static void add(struct numbers *t, const char *name, int64_t run_a, int64_t run_b,
                const struct basis *u, const struct basis *v, long upto)
{
    int n = u->r < upto ? u->r : (int)upto, m = v->r < upto ? v->r : (int)upto;
    size_t cells = (size_t)n * (size_t)m;
    double *phi = xalloc(cells, sizeof *phi);

    basis_phi(phi, n, m, u, v);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++)
            numbers_put(t, (struct analysis_row){ run_a, run_b, u->layer, proj_names[u->proj],
                                                  i + 1, j + 1, name,
                                                  phi[(size_t)i * (size_t)m + (size_t)j] });
    free(phi);
}

/* Two runs can be compared that adapt the same matrices of the same checkpoint. */
static int check_alike(const struct side *a, const struct side *b)
{
    const struct study_run *x = a->run, *y = b->run;

    if (*x->weights && *y->weights && strcmp(x->weights, y->weights) != 0)
        return study_differ(x, y);
    if (a->n != b->n)
        return fail(FAIL_INPUT,
                    "run %.8s adapts %d of the matrices and run %.8s %d: they cannot be compared",
                    x->key, a->n, y->key, b->n);
    for (int k = 0; k < a->n; k++) {
        const struct basis *u = &a->b[k], *v = &b->b[k];
        if (u->layer != v->layer || u->proj != v->proj || u->d != v->d)
            return fail(FAIL_INPUT,
                        "run %.8s adapts %s of layer %d with %d inputs and run %.8s %s of layer %d "
                        "with %d: they cannot be compared",
                        x->key, proj_names[u->proj], u->layer + 1, u->d, y->key,
                        proj_names[v->proj], v->layer + 1, v->d);
    }
    return 0;
}

static int compare(struct numbers *t, const char *name, const struct side *a, const struct side *b,
                   long upto)
{
    if (check_alike(a, b) != 0)
        return -1;
    for (int k = 0; k < a->n && stop_check() == 0; k++)
        add(t, name, a->run->run_id, b->run->run_id, &a->b[k], &b->b[k], upto);
    return stop_check();
}

/* Two Gaussian matrices for each that was adapted. */
static int compare_random(struct numbers *t, const struct side *like, long upto)
{
    int rc = 0;

    for (int k = 0; k < like->n && rc == 0; k++) {
        const struct basis *b = &like->b[k];
        struct basis pair[2] = { { .layer = b->layer, .proj = b->proj },
                                 { .layer = b->layer, .proj = b->proj } };
        for (int i = 0; i < 2 && rc == 0; i++)
            rc = basis_random(&pair[i], b->r, b->d, 1,
                              (uint32_t)((b->layer * N_PROJ + (int)b->proj) * 2 + i));
        if (rc == 0)
            add(t, "phi_random", 0, 0, &pair[0], &pair[1], upto);
        free(pair[0].u);
        free(pair[1].u);
    }
    return rc;
}

/* Ranks of one seed, one rank with two seeds, and ranks with two seeds, which share nothing: neither
 * initial numbers nor the order of the data. */
static int compare_all(struct numbers *t, const struct side *low, const struct side *high, int n,
                       long upto)
{
    int rc = compare_random(t, &high[0], upto);

    for (int i = 0; i < n && rc == 0; i++) {
        int next = (i + 1) % n;
        rc = compare(t, "phi_rank", &low[i], &high[i], upto);
        if (rc == 0 && (n > 2 || i < next))
            rc = compare(t, "phi_seed", &high[i], &high[next], upto);
        if (rc == 0 && n > 1)
            rc = compare(t, "phi_rank_seed", &low[i], &high[next], upto);
    }
    return rc;
}

static int run(struct store *s, const void *cfg)
{
    const struct subspace_cfg *c = cfg;
    struct numbers t = { 0 };
    char *settings = study_settings(opts, "upto", c);
    const struct analysis_set set = { c->study, "subspace", settings };
    long rank[2], *seed = NULL;
    int n = -1, rc = pick_ranks(rank, s, c);

    if (rc == 0)
        n = c->seeds ? given_seeds(&seed, c->seeds) : found_seeds(&seed, s, c, rank);
    rc = n < 0 ? -1 : 0;
    struct side *low = xalloc((size_t)(n < 0 ? 0 : n) + 1, sizeof *low),
                *high = xalloc((size_t)(n < 0 ? 0 : n) + 1, sizeof *high);
    for (int i = 0; i < n && rc == 0; i++)
        rc = load(&low[i], s, c, rank[0], seed[i]) == 0 ? load(&high[i], s, c, rank[1], seed[i])
                                                        : -1;
    if (rc == 0)
        rc = compare_all(&t, low, high, n, c->upto);
    if (rc == 0)
        rc = study_store(s, &set, &t, "subspace_top");
    for (int i = 0; i < n; i++) {
        side_free(&low[i]);
        side_free(&high[i]);
    }
    free(high);
    free(low);
    free(seed);
    free(t.row);
    free(settings);
    return rc;
}

const struct analysis analysis_subspace = {
    .name = "subspace",
    .source = "Hu et al. 2021, section 7.2, figures 3, 4, 6 and 7",
    .about = "do adapters of different ranks and seeds find the same directions?",
    .opts = opts,
    .cfg_size = sizeof(struct subspace_cfg),
    .run = run,
};
