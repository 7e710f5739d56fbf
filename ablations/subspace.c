/* subspace.c - do adapters of different ranks, or of different seeds, find the same directions? Hu
 * et al. 2021, section 7.2, Figures 3, 4, 6 and 7: phi between the adapters of a study. */
#include "ablations/analysis.h"
#include "ablations/common/adapter_path.h"
#include "ablations/common/analysis_settings.h"
#include "ablations/common/basis.h"
#include "ablations/common/numbers.h"
#include "ablations/common/study_ranks.h"

#include <stdlib.h>
#include <string.h>

struct subspace_cfg {
    char *study, *ranks, *targets, *task, *seeds;
    long upto;
};
static const struct opt opts[] = {
    STUDY_OPTION(struct subspace_cfg, "rank"),
    { "ranks", 0, OPT_LIST, offsetof(struct subspace_cfg, ranks), NULL, 0, 0, NULL,
      "two ranks to compare; by default the study's smallest rank of at least 8, and its largest" },
    TARGETS_OPTION(struct subspace_cfg, "q|k|v|o|up|down"),
    TASK_OPTION(struct subspace_cfg),
    { "seeds", 0, OPT_LIST, offsetof(struct subspace_cfg, seeds), NULL, 0, 0, NULL,
      "seeds to compare: each with the next and the last with the first, and the two ranks for "
      "each seed; by default all seeds that both ranks have finished" },
    { "upto", 0, OPT_INT, offsetof(struct subspace_cfg, upto), "64", 1, 1024, NULL,
      "compare at most this many directions" },
    { .type = OPT_END },
};

/* A run and the directions of its adapter. */
struct side {
    struct study_run *run; /* [n_runs]; one once side_load has succeeded */
    int n_runs;
    struct basis *b; /* [n] */
    int n;
};

/* --- which runs */

static int choose_two_ranks(long rank[2], struct store *s, const struct subspace_cfg *c)
{
    const struct wanted_runs w = { .study = c->study, .targets = c->targets, .task = c->task };
    char *list, *end;

    if (study_ranks(&list, s, &w, c->ranks, 8, 2) != 0)
        return -1;
    rank[0] = strtol(list, &end, 10);
    rank[1] = *end == ',' ? strtol(end + 1, &end, 10) : 0;
    int rc = *end || rank[1] < 1
                 ? fail(FAIL_USAGE, "'ranks' must be two ranks like 8,64, not '%s'", list)
                 : 0;
    free(list);
    return rc;
}

/* The numbers of a list such as "1,2,3". Returns how many; *out is owned by the caller. */
static int parse_seeds(long **out, const char *list)
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
    return fail(FAIL_USAGE, "'seeds' must be a list of seeds like 1,2,3, not '%s'", list);
}

static bool has_finished(const struct study_run *r, int n, long rank, long seed)
{
    for (int i = 0; i < n; i++)
        if (r[i].rank == rank && r[i].seed == seed &&
            strcmp(r[i].state, state_names[STATE_DONE]) == 0)
            return true;
    return false;
}

/* The seeds with which both ranks are finished. If there is none, seed 1, so that loading it
 * reports what is missing. Returns how many. */
static int find_seeds(long **out, struct store *s, const struct subspace_cfg *c, const long rank[2])
{
    char *ranks = xprintf("%ld,%ld", rank[0], rank[1]);
    const struct wanted_runs w = {
        .study = c->study, .methods = "lora", .targets = c->targets, .task = c->task, .ranks = ranks
    };
    struct study_run *r;
    int n = study_runs_find(&r, s, &w), found = 0;

    free(ranks);
    if (n < 0)
        return -1;
    *out = xalloc((size_t)n + 1, sizeof **out);
    for (int i = 0; i < n; i++)
        if (r[i].rank == rank[0] && has_finished(&r[i], 1, rank[0], r[i].seed) &&
            has_finished(r, n, rank[1], r[i].seed))
            (*out)[found++] = r[i].seed;
    study_runs_free(r, n);
    if (found == 0)
        (*out)[found++] = 1;
    return found;
}

/* R must be exactly one finished run; otherwise say what to do. */
static int check_one_run(const struct study_run *r, int n, const struct subspace_cfg *c,
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
        fail(FAIL_INPUT,
             "study '%s' has runs %.8s of model '%s' and %.8s of model '%s' with %s: updates of "
             "different weights cannot be compared",
             c->study, r[0].key, r[0].model, r[1].key, r[1].model, which);
    else if (n > 1)
        fail(
            FAIL_USAGE,
            "study '%s' has %d runs with %s (%.8s and %.8s), because it varies other keys as well: "
            "one run is needed",
            c->study, n, which, r[0].key, r[1].key);
    else if (strcmp(r->state, state_names[STATE_DONE]) != 0)
        fail(FAIL_RUN, "run %.8s (%s) is %s: lowrank sweep %s", r->key, which, r->state, recipe);
    bool ok = n == 1 && strcmp(r->state, state_names[STATE_DONE]) == 0;
    free(which);
    return ok ? 0 : -1;
}

static void parse_targets(bool wanted[N_PROJ], const char *targets)
{
    char *list = xprintf(",%s,", targets);

    for (int p = 0; p < N_PROJ; p++) {
        char *word = xprintf(",%s,", proj_names[p]);
        wanted[p] = strstr(list, word) != NULL;
        free(word);
    }
    free(list);
}

static int side_load(struct side *side, const char *home, struct store *s,
                     const struct subspace_cfg *c, long rank, long seed)
{
    char rank_text[24], seed_text[24];
    const struct wanted_runs w = { .study = c->study,
                                   .methods = "lora",
                                   .targets = c->targets,
                                   .task = c->task,
                                   .ranks = rank_text,
                                   .seed = seed_text };
    bool wanted[N_PROJ];

    snprintf(rank_text, sizeof rank_text, "%ld", rank);
    snprintf(seed_text, sizeof seed_text, "%ld", seed);
    side->n_runs = study_runs_find(&side->run, s, &w);
    if (side->n_runs < 0)
        return -1;
    char *recipe = study_runs_recipe(s, c->study);
    int found = check_one_run(side->run, side->n_runs, c, recipe, rank, seed);
    free(recipe);
    if (found != 0)
        return -1;
    parse_targets(wanted, c->targets);
    char *path = adapter_path(home, side->run);
    side->n = path ? basis_load(&side->b, path, wanted) : -1;
    bool ok = side->n > 0;
    for (int i = 0; i < side->n && ok; i++) {
        ok = side->b[i].r == rank;
        if (!ok)
            fail(FAIL_INPUT,
                 "'%s' has rank %d in one of its matrices, not %ld; subspaces are compared of runs "
                 "without rank_pattern",
                 path, side->b[i].r, rank);
    }
    free(path);
    return ok ? 0 : -1;
}

static void side_free(struct side *side)
{
    study_runs_free(side->run, side->n_runs > 0 ? side->n_runs : 0);
    basis_free(side->b, side->n > 0 ? side->n : 0);
}

/* --- the numbers */

/* Add phi(i, j) of U and V under NAME: "phi_rank", "phi_seed" or
 * "phi_rank_seed". */
static void add_phi(struct numbers *t, const char *name, int64_t run_a, int64_t run_b,
                    const struct basis *u, const struct basis *v, long upto)
{
    int n = u->r < upto ? u->r : (int)upto, m = v->r < upto ? v->r : (int)upto;
    size_t cells = (size_t)n * (size_t)m;
    double *phi = xalloc(cells, sizeof *phi);

    basis_phi(phi, n, m, u, v);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++)
            numbers_add(t, (struct analysis_row){ run_a, run_b, u->layer, proj_names[u->proj],
                                                  i + 1, j + 1, name,
                                                  phi[(size_t)i * (size_t)m + (size_t)j] });
    free(phi);
}

/* Two runs can be compared if they adapt the same matrices of the same checkpoint. */
static int check_comparable(const struct side *a, const struct side *b)
{
    const struct study_run *x = a->run, *y = b->run;

    if (*x->weights && *y->weights && strcmp(x->weights, y->weights) != 0)
        return study_runs_mismatch(x, y);
    if (a->n != b->n)
        return fail(FAIL_INPUT,
                    "run %.8s adapts %d matrices and run %.8s adapts %d: they cannot be compared",
                    x->key, a->n, y->key, b->n);
    for (int k = 0; k < a->n; k++) {
        const struct basis *u = &a->b[k], *v = &b->b[k];
        if (u->layer != v->layer || u->proj != v->proj || u->d != v->d)
            return fail(
                FAIL_INPUT,
                "run %.8s adapts %s of layer %d with %d inputs, run %.8s adapts %s of layer "
                "%d with %d inputs: they cannot be compared",
                x->key, proj_names[u->proj], u->layer + 1, u->d, y->key, proj_names[v->proj],
                v->layer + 1, v->d);
    }
    return 0;
}

static int compare_sides(struct numbers *t, const char *name, const struct side *a,
                         const struct side *b, long upto)
{
    if (check_comparable(a, b) != 0)
        return -1;
    for (int k = 0; k < a->n && stop_check() == 0; k++)
        add_phi(t, name, a->run->run_id, b->run->run_id, &a->b[k], &b->b[k], upto);
    return stop_check();
}

/* What two random subspaces share on average, for each matrix that LIKE adapts. */
static void add_random(struct numbers *t, const struct side *like, long upto)
{
    for (int k = 0; k < like->n; k++) {
        const struct basis *b = &like->b[k];
        int n = b->r < upto ? b->r : (int)upto;
        for (int i = 1; i <= n; i++)
            for (int j = 1; j <= n; j++)
                numbers_add(t, (struct analysis_row){ 0, 0, b->layer, proj_names[b->proj], i, j,
                                                      "phi_random", basis_phi_random(i, j, b->d) });
    }
}

/* The two ranks with one seed, the larger rank with two seeds, and the two ranks with two seeds.
 * The runs of the last pair share nothing: neither their initial values nor the order of the data.
 */
static int compare_all(struct numbers *t, const struct side *low, const struct side *high, int n,
                       long upto)
{
    int rc = 0;

    add_random(t, &high[0], upto);
    for (int i = 0; i < n && rc == 0; i++) {
        int next = (i + 1) % n;
        rc = compare_sides(t, "phi_rank", &low[i], &high[i], upto);
        if (rc == 0 && (n > 2 || i < next))
            rc = compare_sides(t, "phi_seed", &high[i], &high[next], upto);
        if (rc == 0 && n > 1)
            rc = compare_sides(t, "phi_rank_seed", &low[i], &high[next], upto);
    }
    return rc;
}

static int subspace_run(struct session *ses, struct store *s, const void *cfg)
{
    const struct subspace_cfg *c = cfg;
    struct numbers t = { 0 };
    char *settings = analysis_settings(opts, "upto", c);
    const struct analysis_set set = { c->study, "subspace", settings };
    long rank[2], *seed = NULL;
    int n = -1, rc = choose_two_ranks(rank, s, c);

    if (rc == 0)
        n = c->seeds ? parse_seeds(&seed, c->seeds) : find_seeds(&seed, s, c, rank);
    rc = n < 0 ? -1 : 0;
    struct side *low = xalloc((size_t)(n < 0 ? 0 : n) + 1, sizeof *low),
                *high = xalloc((size_t)(n < 0 ? 0 : n) + 1, sizeof *high);
    for (int i = 0; i < n && rc == 0; i++)
        rc = side_load(&low[i], ses->home, s, c, rank[0], seed[i]) == 0
                 ? side_load(&high[i], ses->home, s, c, rank[1], seed[i])
                 : -1;
    if (rc == 0)
        rc = compare_all(&t, low, high, n, c->upto);
    if (rc == 0)
        rc = numbers_store(s, &set, &t, "subspace_top");
    for (int i = 0; i < n; i++) {
        side_free(&low[i]);
        side_free(&high[i]);
    }
    free(high);
    free(low);
    free(seed);
    numbers_free(&t);
    free(settings);
    return rc;
}

const struct analysis analysis_subspace = {
    .name = "subspace",
    .source = "Hu et al. 2021, section 7.2, Figures 3, 4, 6 and 7",
    .about = "do adapters of different ranks and seeds find the same directions?",
    .opts = opts,
    .cfg_size = sizeof(struct subspace_cfg),
    .run = subspace_run,
};
