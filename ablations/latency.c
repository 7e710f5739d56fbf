/* latency.c - what adapters cost when the model is used: forward passes of the plain model, of one with
 * LoRA merged into its weights, and of models with adapters beside the weights. Hu et al. 2021, table 1
 * and figure 5.
 *
 * Weights are random numbers in published shapes: time does not depend on them. One thread. Models are
 * made anew for every round, so that where their numbers happen to lie in memory is not taken for a
 * property of the method; MERGED does the base's arithmetic, and its ratio says how much is noise. */
#include "ablations/analysis.h"
#include "ablations/common/analysis_settings.h"
#include "ablations/common/numbers.h"
#include "experiments/bench/bench.h"
#include "experiments/assets/geometry.h"

#include <stdlib.h>
#include <string.h>

struct latency_cfg {
    char *geometry, *batches, *lengths;
    long rank, rounds;
    double seconds;
    bool full;
};

enum { MOST = 16, MOST_ROUNDS = 100 };

static const struct opt opts[] = {
    { "geometry", 0, OPT_LIST, offsetof(struct latency_cfg, geometry), NULL, 0, 0, NULL,
      "shapes of models ('lowrank params --help' lists them); without it minilm, with --full "
      "roberta-base, "
      "too" },
    { "batches", 0, OPT_LIST, offsetof(struct latency_cfg, batches), NULL, 0, 0, NULL,
      "sequences of a batch; without it 1,4,16, with --full 1,2,4,8,16,32" },
    { "lengths", 0, OPT_LIST, offsetof(struct latency_cfg, lengths), NULL, 0, 0, NULL,
      "tokens of a sequence; without it 16,64,128, with --full 128,256,512" },
    { "seconds", 0, OPT_REAL, offsetof(struct latency_cfg, seconds), "2", 0.01, 3600, NULL,
      "time of each batch and length over all rounds; three turns a round are taken in any case" },
    { "full", 0, OPT_BOOL, offsetof(struct latency_cfg, full), "false", 0, 0, NULL,
      "the paper's lengths, more batches, two geometries: more than an hour" },
    { "rank", 0, OPT_INT, offsetof(struct latency_cfg, rank), "16", 1, 4096, NULL,
      "of LoRA and of the adapters' bottlenecks" },
    { "rounds", 0, OPT_INT, offsetof(struct latency_cfg, rounds), "5", 1, MOST_ROUNDS, NULL,
      "times that models are made anew and timed; their median is the result" },
    { .type = OPT_END },
};

enum { BASE, MERGED, LORA, ADAPTER_H, ADAPTER_L, N_SIDES };
static const char *const side_names[] = { "base", "merged", "lora", "adapter-h", "adapter-l" };

/* The models of one geometry. Each has frozen weights of its own: those that several shared would be
 * found in the caches more often. */
struct sides {
    struct bench_model b[N_SIDES];
    struct workspace ws[N_SIDES];
    int which[N_SIDES], n;
};

/* Passes of one side at one batch and length: all of them, and of each round the median ratio. */
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
    struct sides s;
    struct cell cell[MOST * MOST];
    int n_cells, largest[2]; /* batch and length of the largest */
    struct numbers t;
};

static void add(struct latency *l, int side, const struct cell *c, const char *name, double value)
{
    numbers_add(&l->t, (struct analysis_row){ .layer = -1,
                                              .proj = side_names[side],
                                              .i = c ? c->batch : 0,
                                              .j = c ? c->length : 0,
                                              .name = name,
                                              .value = value });
}

/* --- the models */

static int settings_of(struct settings *v, const char *geometry, const char *method, long rank)
{
    char text[24];

    settings_set(v, "model", geometry, location_named("lowrank ablate latency"));
    settings_set(v, "method", method, location_named("lowrank ablate latency"));
    snprintf(text, sizeof text, "%ld", rank);
    settings_set(v, "rank", text, location_named("--rank"));
    return 0;
}

static int make_side(struct sides *s, struct session *ses, int side, const char *geometry,
                     long rank, int batch, int length)
{
    const char *method = side == BASE || side == MERGED ? "bitfit" : side_names[side];
    struct settings v = { 0 };
    struct bench_model *b = &s->b[side];

    settings_of(&v, geometry, method, rank);
    int rc = bench_model_init(b, ses, &v, geometry, batch, length,
                              side == MERGED ? &s->b[LORA].m : NULL);
    settings_free(&v);
    if (rc != 0)
        return -1;
    if (side > MERGED)
        bench_model_fill(&b->m);
    s->which[s->n++] = side;
    return workspace_init(&s->ws[side], &b->m, false);
}

static int make_sides(struct latency *l)
{
    static const int order[] = { BASE, LORA, MERGED, ADAPTER_H, ADAPTER_L };

    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        int side = order[i];
        if (side > LORA && !adapt_find(side_names[side]))
            warn("this build has no method '%s': it is left out", side_names[side]);
        else if (make_side(&l->s, l->session, side, l->geometry, l->c->rank, l->largest[0],
                           l->largest[1]) != 0)
            return -1;
    }
    return 0;
}

static void free_sides(struct sides *s)
{
    for (int i = 0; i < s->n; i++) {
        workspace_free(&s->ws[s->which[i]]);
        bench_model_free(&s->b[s->which[i]]);
    }
    s->n = 0;
}

/* --- timed */

static void keep_passes(struct passes *p, const struct bench_side *s, const struct bench_side *base,
                        int turns, int round)
{
    size_t n = (size_t)(p->n + turns);
    double ratio[3];

    p->ms = xgrow(p->ms, n, sizeof *p->ms);
    p->ratio = xgrow(p->ratio, n, sizeof *p->ratio);
    for (int k = 0; k < turns; k++, p->n++) {
        p->ms[p->n] = s->ms[k];
        p->ratio[p->n] = s->ms[k] / base->ms[k];
    }
    bench_to_base(ratio, s, base, turns);
    p->round[round] = ratio[0];
}

static int time_cell(struct latency *l, struct cell *c, int round)
{
    const struct sides *s = &l->s;
    struct bench_side *timed = xalloc(N_SIDES, sizeof *timed);
    struct dataset set;
    struct microbatch mb = { 0 };
    int *idx = xalloc((size_t)c->batch, sizeof *idx);

    for (int i = 0; i < c->batch; i++)
        idx[i] = i;
    bench_set_init(&set, &s->b[BASE].d, c->batch, c->length, false);
    microbatch_fill(&mb, &set, idx, c->batch, 0);
    for (int i = 0; i < s->n; i++) {
        timed[i].m = &s->b[s->which[i]].m;
        timed[i].ws = &l->s.ws[s->which[i]];
    }
    int turns =
        bench_turns(timed, s->n, &mb.b, l->c->seconds / (double)l->c->rounds, (uint32_t)round);
    for (int i = 0; i < s->n && turns > 0; i++)
        keep_passes(&c->side[s->which[i]], &timed[i], &timed[0], turns, round);
    microbatch_free(&mb);
    bench_set_free(&set);
    free(idx);
    free(timed);
    return turns < 0 ? -1 : 0;
}

static int time_round(struct latency *l, int round)
{
    int rc = make_sides(l);

    for (int i = 0; i < l->s.n && rc == 0 && round == 0; i++) {
        const struct model *model = &l->s.b[l->s.which[i]].m;
        bool added = l->s.which[i] != BASE && l->s.which[i] != MERGED;
        add(l, l->s.which[i], NULL, "parameters",
            added ? (double)(model->n_train - model->n_train_head) : 0);
    }
    for (int i = 0; i < l->n_cells && rc == 0; i++) {
        progress("%s: round %d of %ld, batch %d, %d tokens", l->geometry, round + 1, l->c->rounds,
                 l->cell[i].batch, l->cell[i].length);
        rc = time_cell(l, &l->cell[i], round);
    }
    free_sides(&l->s);
    return rc;
}

static void add_cell(struct latency *l, struct cell *c)
{
    int rounds = (int)l->c->rounds;

    for (int side = 0; side < N_SIDES; side++) {
        struct passes *p = &c->side[side];
        int n = p->n, quarter = n / 4;
        if (n == 0)
            continue;
        for (int r = 0; r < rounds; r++) {
            add(l, side, c, "to_base_round", p->round[r]);
            l->t.row[l->t.n - 1].run_b = r + 1;
        }
        add(l, side, c, "to_base", bench_median(p->round, rounds));
        bench_median(p->ratio, n);
        add(l, side, c, "to_base_q1", p->ratio[quarter]);
        add(l, side, c, "to_base_q3", p->ratio[n - 1 - quarter]);
        add(l, side, c, "ms", bench_median(p->ms, n));
        add(l, side, c, "spread", p->ms[n - 1 - quarter] - p->ms[quarter]);
    }
}

/* --- what is measured */

/* "1,4,16" to numbers, smallest first. Returns how many. */
static int numbers_of(int out[MOST], const char *key, const char *text, int most)
{
    int n = 0;

    for (const char *at = text; *at;) {
        char *end;
        long x = strtol(at, &end, 10);
        if (end == at || (*end && *end != ',') || x < 1 || x > most || n == MOST)
            return fail(FAIL_USAGE,
                        "'%s' must be up to %d whole numbers from 1 to %d as 1,4,16, not '%s'", key,
                        MOST, most, text);
        int k = n++;
        for (; k > 0 && out[k - 1] > x; k--)
            out[k] = out[k - 1];
        out[k] = (int)x;
        at = *end ? end + 1 : end;
    }
    return n > 0 ? n : fail(FAIL_USAGE, "'%s' is empty", key);
}

/* The batches and lengths of this run. */
static int cells_of(struct latency *l)
{
    const struct latency_cfg *c = l->c;
    int batch[MOST], length[MOST], n, m;
    struct dims d;

    if (geometry_dims(&d, NULL, NULL, l->session, l->geometry) != 0)
        return -1;
    const char *batches = c->full ? "1,2,4,8,16,32" : "1,4,16";
    const char *lengths = c->full ? "128,256,512" : "16,64,128";
    if ((n = numbers_of(batch, "batches", c->batches ? c->batches : batches, 4096)) < 0 ||
        (m = numbers_of(length, "lengths", c->lengths ? c->lengths : lengths, d.max_pos)) < 0)
        return -1;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++)
            l->cell[l->n_cells++] = (struct cell){ .batch = batch[i], .length = length[j] };
    l->largest[0] = batch[n - 1];
    l->largest[1] = length[m - 1];
    return 0;
}

static int measure(struct session *ses, struct store *store, const struct latency_cfg *c,
                   const char *geometry)
{
    struct latency *l = xalloc(1, sizeof *l);
    char *settings = analysis_settings(opts, "rank", c);
    const struct analysis_set set = { geometry, "latency", settings };

    l->session = ses;
    l->c = c;
    l->geometry = geometry;
    int rc = cells_of(l);
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
    free(l->t.row);
    free(l);
    return rc;
}

static int run(struct session *ses, struct store *store, const void *cfg)
{
    const struct latency_cfg *c = cfg;
    char *list = xstrdup(c->geometry ? c->geometry : c->full ? "minilm,roberta-base" : "minilm");
    char *rest = NULL;
    int rc = 0;

    for (char *g = strtok_r(list, ",", &rest); g && rc == 0; g = strtok_r(NULL, ",", &rest))
        rc = measure(ses, store, c, g);
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
    .run = run,
};
