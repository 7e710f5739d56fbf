/* latency.c - what adapters cost when a model is used: the time of a forward pass of the base
 * model, of the base model with LoRA merged into its weights, and of models with adapters beside
 * their weights. Hu et al. 2021, table 1 and figure 5.
 *
 * The models are made anew in every round (experiments/bench/bench_sides.h), so that the place in
 * memory where their weights happen to be is not taken for a property of the method. The merged
 * model computes exactly what the base model does: its ratio shows the noise of the
 * measurement. */
#include "ablations/analysis.h"
#include "ablations/common/analysis_settings.h"
#include "ablations/common/numbers.h"
#include "experiments/assets/geometry.h"
#include "experiments/bench/bench_sides.h"

#include <stdlib.h>
#include <string.h>

struct latency_cfg {
    char *geometry, *batches, *lengths;
    long rank, rounds;
    double seconds;
    bool full;
};

enum { MOST_VALUES = 16, MOST_ROUNDS = 100, MOST_BATCH = 4096 };

#define AT(f) offsetof(struct latency_cfg, f)
static const struct opt opts[] = {
    { "geometry", 0, OPT_LIST, AT(geometry), NULL, 0, 0, NULL,
      "geometries to measure ('lowrank params --help' lists them); without it minilm, with --full "
      "also roberta-base" },
    { "batches", 0, OPT_LIST, AT(batches), NULL, 0, 0, NULL,
      "sequences in a batch; without it 1,4,16, with --full 1,2,4,8,16,32" },
    { "lengths", 0, OPT_LIST, AT(lengths), NULL, 0, 0, NULL,
      "tokens in a sequence; without it 16,64,128, with --full 128,256,512" },
    { "seconds", 0, OPT_REAL, AT(seconds), "2", 0.01, 3600, NULL,
      "time for each batch and length, over all rounds; every round takes three turns at least" },
    { "full", 0, OPT_BOOL, AT(full), "false", 0, 0, NULL,
      "the lengths of the paper, more batches, and two geometries; takes more than an hour" },
    { "rank", 0, OPT_INT, AT(rank), "16", 1, 4096, NULL,
      "rank of LoRA, and width of the bottleneck of adapters" },
    { "rounds", 0, OPT_INT, AT(rounds), "5", 1, MOST_ROUNDS, NULL,
      "how often the models are made anew and timed; the result is the median over rounds" },
    { .type = OPT_END },
};
#undef AT

/* In the order in which they are made: merged takes the update of lora. */
enum { BASE, LORA, MERGED, ADAPTER_H, ADAPTER_L, N_SIDES };
static const char *const side_names[N_SIDES] = { "base", "lora", "merged", "adapter-h",
                                                 "adapter-l" };

/* The forward passes of one side with one batch and length: all of them, and for each round the
 * median ratio to the base model. */
struct passes {
    double *ms, *ratio, round[MOST_ROUNDS];
    int n;
};

struct cell {
    int batch, length;
    struct passes side[N_SIDES];
};

struct latency {
    struct session *session;
    const struct latency_cfg *c;
    const char *geometry;
    struct bench_sides sides;
    int which[N_SIDES]; /* the name of each of the sides, as an index into side_names */
    struct cell cell[MOST_VALUES * MOST_VALUES];
    int n_cells, largest_batch, largest_length;
    struct numbers t;
};

/* C: NULL for a value that belongs to no batch and length. */
static void latency_add(struct latency *l, int side, const struct cell *c, const char *name,
                        double value)
{
    numbers_add(&l->t, (struct analysis_row){ .layer = -1,
                                              .proj = side_names[side],
                                              .i = c ? c->batch : 0,
                                              .j = c ? c->length : 0,
                                              .name = name,
                                              .value = value });
}

/* --- the models */

static int make_side(struct latency *l, int side)
{
    enum bench_side_kind kind = side == BASE     ? BENCH_SIDE_BASE
                                : side == MERGED ? BENCH_SIDE_MERGED
                                                 : BENCH_SIDE_ADAPTER;
    struct location where = location_named("lowrank ablate latency");
    struct settings v = { 0 };
    char rank[24];

    snprintf(rank, sizeof rank, "%ld", l->c->rank);
    settings_set(&v, "model", l->geometry, where);
    settings_set(&v, "rank", rank, location_named("--rank"));
    if (kind == BENCH_SIDE_ADAPTER)
        settings_set(&v, "method", side_names[side], where);
    l->which[l->sides.n] = side;
    int rc =
        bench_sides_add(&l->sides, kind, l->session, &v, l->largest_batch, l->largest_length, LORA);
    settings_free(&v);
    return rc;
}

static int make_sides(struct latency *l)
{
    for (int side = 0; side < N_SIDES; side++) {
        if (side > MERGED && !adapt_find(side_names[side]))
            warn("this build has no method '%s', which is left out", side_names[side]);
        else if (make_side(l, side) != 0)
            return -1;
    }
    return 0;
}

/* --- timed */

static void keep_passes(struct passes *p, const struct bench_side *s, const struct bench_side *base,
                        int turns, int round)
{
    size_t n = (size_t)(p->n + turns);
    double ratio[BENCH_N_QUARTILES];

    p->ms = xgrow(p->ms, n, sizeof *p->ms);
    p->ratio = xgrow(p->ratio, n, sizeof *p->ratio);
    for (int k = 0; k < turns; k++, p->n++) {
        p->ms[p->n] = s->ms[k];
        p->ratio[p->n] = s->ms[k] / base->ms[k];
    }
    bench_turns_ratio(ratio, s, base, turns);
    p->round[round] = ratio[BENCH_MEDIAN];
}

static int time_cell(struct latency *l, struct cell *c, int round)
{
    struct bench_sides *s = &l->sides;

    bench_sides_batch(s, c->batch, c->length);
    int turns = bench_sides_time(s, l->c->seconds / (double)l->c->rounds, (uint32_t)round);
    for (int i = 0; i < s->n && turns > 0; i++)
        keep_passes(&c->side[l->which[i]], &s->timed[i], &s->timed[BASE], turns, round);
    return turns < 0 ? -1 : 0;
}

static void add_parameters(struct latency *l)
{
    for (int i = 0; i < l->sides.n; i++) {
        const struct model *m = &l->sides.model[i].m;
        bool adapter = l->which[i] != BASE && l->which[i] != MERGED;
        latency_add(l, l->which[i], NULL, "parameters",
                    adapter ? (double)(m->n_train - m->n_train_head) : 0);
    }
}

static int time_round(struct latency *l, int round)
{
    int rc = make_sides(l);

    if (rc == 0 && round == 0)
        add_parameters(l);
    for (int i = 0; i < l->n_cells && rc == 0; i++) {
        progress("%s: round %d of %ld, batch %d, %d tokens", l->geometry, round + 1, l->c->rounds,
                 l->cell[i].batch, l->cell[i].length);
        rc = time_cell(l, &l->cell[i], round);
    }
    bench_sides_free(&l->sides);
    return rc;
}

static void add_cell(struct latency *l, struct cell *c)
{
    int rounds = (int)l->c->rounds;

    for (int side = 0; side < N_SIDES; side++) {
        struct passes *p = &c->side[side];
        double ratio[BENCH_N_QUARTILES], ms[BENCH_N_QUARTILES];
        if (p->n == 0)
            continue;
        for (int r = 0; r < rounds; r++) {
            latency_add(l, side, c, "to_base_round", p->round[r]);
            l->t.row[l->t.n - 1].run_b = r + 1;
        }
        bench_stats_quartiles(ratio, p->ratio, p->n);
        bench_stats_quartiles(ms, p->ms, p->n);
        latency_add(l, side, c, "to_base", bench_stats_median(p->round, rounds));
        latency_add(l, side, c, "to_base_q1", ratio[BENCH_Q1]);
        latency_add(l, side, c, "to_base_q3", ratio[BENCH_Q3]);
        latency_add(l, side, c, "ms", ms[BENCH_MEDIAN]);
        latency_add(l, side, c, "spread", ms[BENCH_Q3] - ms[BENCH_Q1]);
    }
}

/* --- what is measured */

/* The numbers of a list "1,4,16", the smallest first; returns how many, -1 after fail. */
static int parse_numbers(int out[MOST_VALUES], const char *key, const char *text, int most)
{
    int n = 0;

    for (const char *at = text; *at;) {
        char *end;
        long x = strtol(at, &end, 10);
        if (end == at || (*end && *end != ',') || x < 1 || x > most || n == MOST_VALUES)
            return fail(FAIL_USAGE,
                        "'%s' must be a list of up to %d whole numbers from 1 to %d, as 1,4,16, "
                        "not '%s'",
                        key, MOST_VALUES, most, text);
        int k = n++;
        for (; k > 0 && out[k - 1] > x; k--)
            out[k] = out[k - 1];
        out[k] = (int)x;
        at = *end ? end + 1 : end;
    }
    return n > 0 ? n : fail(FAIL_USAGE, "'%s' is empty", key);
}

/* Every batch with every length. */
static int make_cells(struct latency *l)
{
    const struct latency_cfg *c = l->c;
    int batch[MOST_VALUES], length[MOST_VALUES], n, m;
    struct dims d;

    if (geometry_dims(&d, NULL, l->session, l->geometry) != 0)
        return -1;
    const char *batches = c->full ? "1,2,4,8,16,32" : "1,4,16";
    const char *lengths = c->full ? "128,256,512" : "16,64,128";
    if ((n = parse_numbers(batch, "batches", c->batches ? c->batches : batches, MOST_BATCH)) < 0 ||
        (m = parse_numbers(length, "lengths", c->lengths ? c->lengths : lengths, d.max_pos)) < 0)
        return -1;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++)
            l->cell[l->n_cells++] = (struct cell){ .batch = batch[i], .length = length[j] };
    l->largest_batch = batch[n - 1];
    l->largest_length = length[m - 1];
    return 0;
}

static int measure_geometry(struct session *ses, struct store *store, const struct latency_cfg *c,
                            const char *geometry)
{
    struct latency *l = xalloc(1, sizeof *l);
    char *settings = analysis_settings(opts, "rank", c);
    const struct analysis_set set = { geometry, "latency", settings };

    l->session = ses;
    l->c = c;
    l->geometry = geometry;
    int rc = make_cells(l);
    for (int round = 0; round < c->rounds && rc == 0; round++)
        rc = time_round(l, round);
    for (int i = 0; i < l->n_cells; i++) {
        if (rc == 0)
            add_cell(l, &l->cell[i]);
        for (int side = 0; side < N_SIDES; side++) {
            free(l->cell[i].side[side].ms);
            free(l->cell[i].side[side].ratio);
        }
    }
    if (rc == 0)
        rc = numbers_store(store, &set, &l->t, "latency");
    free(settings);
    numbers_free(&l->t);
    free(l);
    return rc;
}

static int latency_run(struct session *ses, struct store *store, const void *cfg)
{
    const struct latency_cfg *c = cfg;
    char *list = xstrdup(c->geometry ? c->geometry : c->full ? "minilm,roberta-base" : "minilm");
    char *rest = NULL;
    int rc = 0;

    for (char *g = strtok_r(list, ",", &rest); g && rc == 0; g = strtok_r(NULL, ",", &rest))
        rc = measure_geometry(ses, store, c, g);
    free(list);
    return rc;
}

const struct analysis analysis_latency = {
    .name = "latency",
    .source = "Hu et al. 2021, table 1 and figure 5",
    .about = "how much longer does a forward pass take with adapters beside the weights?",
    .opts = opts,
    .cfg_size = sizeof(struct latency_cfg),
    .alone = true,
    .run = latency_run,
};
