/* subspace.c - do adapters of different rank, or of different seeds, find the same directions? Hu
 * et al. 2021, section 7.2, figures 3, 4, 6 and 7: phi between the adapters of a finished study. */
#include "ablations/ablation.h"
#include "ablations/basis.h"
#include "core/base/file.h"

#include <stdlib.h>
#include <string.h>

struct subspace_cfg {
    char *study, *ranks, *targets, *task;
    long seed, other_seed, upto;
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
    { "seed", 0, OPT_INT, offsetof(struct subspace_cfg, seed), "1", 0, 1e9, NULL,
      "seed of both ranks" },
    { "other_seed", 0, OPT_INT, offsetof(struct subspace_cfg, other_seed), "2", 0, 1e9, NULL,
      "seed that the largest rank is compared with" },
    { "upto", 0, OPT_INT, offsetof(struct subspace_cfg, upto), "64", 1, 1024, NULL,
      "compare at most so many directions" },
    { .type = OPT_END },
};

/* A run and the directions its adapter uses. */
struct side {
    int64_t run_id;
    struct basis *b;
    int n;
};

/* --- which runs */

static int pick_ranks(long rank[2], struct store *s, const struct subspace_cfg *c)
{
    const char *const params[] = {
        "study", c->study, "targets", c->targets, "task", c->task, NULL
    };
    struct rows r;
    char *end = NULL;

    if (c->ranks) {
        rank[0] = strtol(c->ranks, &end, 10);
        rank[1] = *end == ',' ? strtol(end + 1, &end, 10) : 0;
        if (*end || rank[0] < 1 || rank[1] < 1)
            return fail(FAIL_USAGE, "'ranks' must be two ranks as 8,64, not '%s'", c->ranks);
        return 0;
    }
    if (store_query(
            s, &r,
            "SELECT min(iif(rank >= 8, rank, NULL)) AS low, max(rank) AS high FROM study_cells"
            " WHERE study = :study AND method = 'lora' AND targets = :targets"
            " AND (:task IS NULL OR task = :task)",
            params) != 0)
        return -1;
    const char *low = rows_get(&r, 0, "low"), *high = rows_get(&r, 0, "high");
    rank[0] = low ? strtol(low, NULL, 10) : 0;
    rank[1] = high ? strtol(high, NULL, 10) : 0;
    rows_free(&r);
    if (rank[1] == 0)
        return fail(FAIL_RUN,
                    "study '%s' has no LoRA runs with targets %s: lowrank sweep ablations/%s.yaml",
                    c->study, c->targets, c->study);
    if (rank[0] == 0 || rank[0] == rank[1])
        return fail(
            FAIL_RUN,
            "study '%s' with targets %s has no two ranks from 8 upwards; name two with --ranks",
            c->study, c->targets);
    return 0;
}

/* The folder of a finished run's adapter, checked; NULL after fail. */
static char *adapter_file(const struct rows *r, const struct subspace_cfg *c, long rank, long seed)
{
    const char *key = rows_get(r, 0, "run_key"), *dir = rows_get(r, 0, "adapter_dir");
    char *under = dir ? xstrdup(dir) : xprintf("adapters/%.16s", key);
    char *home = home_path(under), *path = NULL;
    static const char *const places[] = { "last/", "" };

    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        free(path);
        path = xprintf("%s/%sadapter_model.safetensors", home, places[i]);
        if (file_exists(path))
            break;
    }
    if (!file_exists(path)) {
        fail(FAIL_RUN,
             "the adapter of run %.8s is not in '%s': lowrank run ablations/%s.yaml --again "
             "rank=%ld "
             "targets=%s seed=%ld",
             key, home, c->study, rank, c->targets, seed);
        free(path);
        path = NULL;
    }
    free(home);
    free(under);
    return path;
}

/* One finished run among R, or a line that says what to do. */
static int check_found(const struct rows *r, const struct subspace_cfg *c, long rank, long seed)
{
    const char *state = rows_get(r, 0, "state");

    if (r->n_rows == 0)
        return fail(FAIL_RUN,
                    "study '%s' has no run with rank %ld, targets %s, seed %ld: lowrank sweep "
                    "ablations/%s.yaml with more seeds or ranks",
                    c->study, rank, c->targets, seed, c->study);
    if (r->n_rows > 1)
        return fail(FAIL_USAGE,
                    "study '%s' has %d runs with rank %ld, targets %s, seed %ld (tasks %s and %s); "
                    "choose one "
                    "with --task",
                    c->study, r->n_rows, rank, c->targets, seed, rows_get(r, 0, "task"),
                    rows_get(r, 1, "task"));
    if (strcmp(state, state_names[STATE_DONE]) != 0)
        return fail(
            FAIL_RUN,
            "run %.8s (rank %ld, targets %s, seed %ld) is %s: lowrank sweep ablations/%s.yaml",
            rows_get(r, 0, "run_key"), rank, c->targets, seed, state, c->study);
    return 0;
}

static int load(struct side *side, struct store *s, const struct subspace_cfg *c, long rank,
                long seed)
{
    char rank_text[24], seed_text[24];
    const char *const params[] = { "study", c->study,  "targets", c->targets, "task", c->task,
                                   "rank",  rank_text, "seed",    seed_text,  NULL };
    bool wanted[N_PROJ] = { false };
    struct rows r;

    snprintf(rank_text, sizeof rank_text, "%ld", rank);
    snprintf(seed_text, sizeof seed_text, "%ld", seed);
    if (store_query(s, &r,
                    "SELECT r.run_id, r.run_key, r.state, r.task, a.adapter_dir FROM study_cells c"
                    " JOIN sweep_run sr ON sr.plan_id = c.plan_id"
                    " JOIN run r ON r.run_id = sr.run_id AND r.cell_key = c.cell_key"
                    " LEFT JOIN attempt a ON a.run_id = r.run_id AND a.attempt = r.attempts"
                    " WHERE c.study = :study AND c.method = 'lora' AND c.targets = :targets"
                    " AND c.rank = :rank AND r.seed = :seed AND (:task IS NULL OR c.task = :task)"
                    " ORDER BY c.ordinal",
                    params) != 0)
        return -1;
    for (int p = 0; p < N_PROJ; p++) {
        char *word = xprintf(",%s,", proj_names[p]), *list = xprintf(",%s,", c->targets);
        wanted[p] = strstr(list, word) != NULL;
        free(word);
        free(list);
    }
    char *path = check_found(&r, c, rank, seed) == 0 ? adapter_file(&r, c, rank, seed) : NULL;
    if (path) {
        side->run_id = strtoll(rows_get(&r, 0, "run_id"), NULL, 10);
        side->n = basis_load(&side->b, path, wanted);
        if (side->n >= 0 && side->b[0].r != rank)
            fail(FAIL_INPUT, "'%s' has rank %d, not %ld", path, side->b[0].r, rank);
    }
    bool ok = path && side->n > 0 && side->b[0].r == rank;
    free(path);
    rows_free(&r);
    return ok ? 0 : -1;
}

/* --- the numbers */

struct table {
    struct phi_row *row;
    size_t n;
};

static void add(struct table *t, const char *kind, int64_t run_a, int64_t run_b,
                const struct basis *u, const struct basis *v, long upto)
{
    int n = u->r < upto ? u->r : (int)upto, m = v->r < upto ? v->r : (int)upto;
    size_t cells = (size_t)n * (size_t)m;
    double *phi = xalloc(cells, sizeof *phi);

    basis_phi(phi, n, m, u, v);
    t->row = xgrow(t->row, t->n + cells, sizeof *t->row);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++)
            t->row[t->n++] = (struct phi_row){ run_a,
                                               run_b,
                                               kind,
                                               u->layer,
                                               proj_names[u->proj],
                                               i + 1,
                                               j + 1,
                                               phi[(size_t)i * (size_t)m + (size_t)j] };
    free(phi);
}

static int compare(struct table *t, const char *kind, const struct side *a, const struct side *b,
                   long upto)
{
    bool same = a->n == b->n;

    for (int k = 0; k < a->n && same; k++)
        same = a->b[k].layer == b->b[k].layer && a->b[k].proj == b->b[k].proj &&
               a->b[k].d == b->b[k].d;
    if (!same)
        return fail(FAIL_INPUT, "the adapters of two runs do not adapt the same matrices");
    for (int k = 0; k < a->n; k++)
        add(t, kind, a->run_id, b->run_id, &a->b[k], &b->b[k], upto);
    return 0;
}

/* Two Gaussian matrices for each that was adapted. */
static int compare_random(struct table *t, const struct side *like, long seed, long upto)
{
    int rc = 0;

    for (int k = 0; k < like->n && rc == 0; k++) {
        const struct basis *b = &like->b[k];
        struct basis pair[2] = { { .layer = b->layer, .proj = b->proj },
                                 { .layer = b->layer, .proj = b->proj } };
        for (int i = 0; i < 2 && rc == 0; i++)
            rc = basis_random(&pair[i], b->r, b->d, (uint64_t)seed,
                              (uint32_t)((b->layer * N_PROJ + (int)b->proj) * 2 + i));
        if (rc == 0)
            add(t, "random", 0, 0, &pair[0], &pair[1], upto);
        free(pair[0].u);
        free(pair[1].u);
    }
    return rc;
}

/* Results of other settings than the usual ones get a name of their own. */
static char *result_name(const struct subspace_cfg *c)
{
    char *name = xstrdup(c->study), buf[64];
    const struct opt *const varied[] = { &opts[1], &opts[2], &opts[3], &opts[4], &opts[5] };

    for (size_t i = 0; i < ARRAY_LEN(varied); i++) {
        const char *value = opt_text(varied[i], c, buf, sizeof buf);
        if (strcmp(value, varied[i]->def ? varied[i]->def : "") == 0)
            continue;
        char *longer = xprintf("%s %s=%s", name, varied[i]->key, value);
        free(name);
        name = longer;
    }
    return name;
}

static int run(struct store *s, const void *cfg)
{
    const struct subspace_cfg *c = cfg;
    struct side low = { 0 }, high = { 0 }, other = { 0 };
    struct table t = { 0 };
    char *name = result_name(c);
    long rank[2];

    int rc = pick_ranks(rank, s, c);
    if (rc == 0)
        rc = load(&low, s, c, rank[0], c->seed);
    if (rc == 0)
        rc = load(&high, s, c, rank[1], c->seed);
    if (rc == 0)
        rc = load(&other, s, c, rank[1], c->other_seed);
    if (rc == 0)
        rc = compare(&t, "rank", &low, &high, c->upto);
    if (rc == 0)
        rc = compare(&t, "seed", &high, &other, c->upto);
    if (rc == 0)
        rc = compare_random(&t, &high, c->seed, c->upto);
    if (rc == 0)
        rc = store_phi(s, name, t.row, t.n);
    if (rc == 0)
        note("%zu values of phi in %d matrices are stored as '%s'", t.n, high.n, name);
    free(t.row);
    basis_free(low.b, low.n);
    basis_free(high.b, high.n);
    basis_free(other.b, other.n);
    free(name);
    return rc;
}

const struct ablation ablation_subspace = {
    .name = "subspace",
    .source = "Hu et al. 2021, section 7.2, figures 3, 4, 6 and 7",
    .about = "do adapters of different ranks and seeds find the same directions?",
    .opts = opts,
    .cfg_size = sizeof(struct subspace_cfg),
    .run = run,
};
