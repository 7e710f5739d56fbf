/* latency.c - what adapters cost when the model is used: forward passes of the plain model, of one with
 * LoRA merged into its weights, and of models with adapters beside the weights. Hu et al. 2021, table 1
 * and figure 5.
 *
 * Weights are random numbers in published shapes: time does not depend on them. One thread. */
#include "ablations/ablation.h"
#include "ablations/study_runs.h"
#include "experiments/bench.h"
#include "experiments/geometries.h"

#include <stdlib.h>
#include <string.h>

struct latency_cfg {
    char *geometry, *batches, *lengths;
    long rank;
    double seconds;
    bool full;
};
static const struct opt opts[] = {
    { "geometry", 0, OPT_LIST, offsetof(struct latency_cfg, geometry), NULL, 0, 0, NULL,
      "shapes of models ('lowrank params --help' lists them); without it minilm, with --full "
      "roberta-base, "
      "too" },
    { "rank", 0, OPT_INT, offsetof(struct latency_cfg, rank), "16", 1, 4096, NULL,
      "of LoRA and of the adapters' bottlenecks" },
    { "batches", 0, OPT_LIST, offsetof(struct latency_cfg, batches), NULL, 0, 0, NULL,
      "sequences of a batch; without it 1,4,16, with --full 1,2,4,8,16,32" },
    { "lengths", 0, OPT_LIST, offsetof(struct latency_cfg, lengths), NULL, 0, 0, NULL,
      "tokens of a sequence; without it 16,64,128, with --full 128,256,512" },
    { "seconds", 0, OPT_REAL, offsetof(struct latency_cfg, seconds), "2", 0.01, 3600, NULL,
      "time of each batch and length; five turns are taken in any case" },
    { "full", 0, OPT_BOOL, offsetof(struct latency_cfg, full), "false", 0, 0, NULL,
      "the paper's lengths, more batches, two geometries: more than an hour" },
    { .type = OPT_END },
};

enum { MOST = 16 };
enum { BASE, MERGED, LORA, ADAPTER_H, ADAPTER_L, N_SIDES };
static const char *const side_names[] = { "base", "merged", "lora", "adapter-h", "adapter-l" };
enum { IN_CACHE_TOKENS = 512 };

/* The models of one geometry: BASE has the frozen weights of all but MERGED. */
struct sides {
    struct bench_model b[N_SIDES];
    struct lane lane[N_SIDES];
    int which[N_SIDES], n;
};

struct numbers {
    struct analysis_row *row;
    size_t n;
};

static void add(struct numbers *t, int side, int batch, int length, const char *name, double value)
{
    t->row = xgrow(t->row, t->n + 1, sizeof *t->row);
    t->row[t->n++] = (struct analysis_row){
        .layer = -1, .proj = side_names[side], .i = batch, .j = length, .name = name, .value = value
    };
}

/* --- the models */

static int settings_of(struct settings *v, const char *geometry, const char *method, long rank)
{
    char text[24];

    settings_set(v, "model", geometry, "lowrank ablate latency");
    settings_set(v, "method", method, "lowrank ablate latency");
    snprintf(text, sizeof text, "%ld", rank);
    settings_set(v, "rank", text, "--rank");
    return 0;
}

static int make_side(struct sides *s, int side, const char *geometry, long rank, int batch,
                     int length)
{
    const char *method = side == BASE || side == MERGED ? "bitfit" : side_names[side];
    struct settings v = { 0 };
    struct bench_model *b = &s->b[side];

    settings_of(&v, geometry, method, rank);
    int rc = side == BASE     ? bench_model_init(b, &v, geometry, batch, length, NULL)
             : side == MERGED ? bench_model_init(b, &v, geometry, batch, length, &s->b[LORA].m)
                              : bench_model_beside(b, &v, &s->b[BASE]);
    settings_free(&v);
    if (rc != 0)
        return -1;
    if (side > MERGED)
        bench_model_fill(&b->m);
    s->which[s->n++] = side;
    return lane_init(&s->lane[side], &b->m, false);
}

static int make_sides(struct sides *s, const char *geometry, long rank, int batch, int length)
{
    static const int order[] = { BASE, LORA, MERGED, ADAPTER_H, ADAPTER_L };

    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        int side = order[i];
        if (side > LORA && !adapt_find(side_names[side]))
            warn("this build has no method '%s': it is left out", side_names[side]);
        else if (make_side(s, side, geometry, rank, batch, length) != 0)
            return -1;
    }
    return 0;
}

static void free_sides(struct sides *s)
{
    for (int i = s->n - 1; i >= 0; i--) {
        int side = s->which[i];
        lane_free(&s->lane[side]);
        if (side != BASE)
            bench_model_free(&s->b[side]);
    }
    bench_model_free(&s->b[BASE]);
}

/* --- timed */

static int time_cell(struct numbers *t, struct sides *s, int batch, int length, double seconds)
{
    struct bench_side *timed = xalloc(N_SIDES, sizeof *timed);
    struct dataset set;
    struct microbatch mb = { 0 };
    int *idx = xalloc((size_t)batch, sizeof *idx), turns;

    for (int i = 0; i < batch; i++)
        idx[i] = i;
    bench_set_init(&set, &s->b[BASE].d, batch, length, false);
    batch_fill(&mb, &set, idx, batch, 0);
    for (int i = 0; i < s->n; i++)
        timed[i] = (struct bench_side){ &s->b[s->which[i]].m, &s->lane[s->which[i]], { 0 } };
    turns = bench_turns(timed, s->n, &mb.b, seconds, batch * length <= IN_CACHE_TOKENS);
    for (int i = 0; i < s->n && turns > 0; i++) {
        double ratio[3];
        bench_to_base(ratio, timed, i, 0, turns);
        add(t, s->which[i], batch, length, "to_base", ratio[0]);
        add(t, s->which[i], batch, length, "to_base_q1", ratio[1]);
        add(t, s->which[i], batch, length, "to_base_q3", ratio[2]);
    }
    for (int i = 0; i < s->n && turns > 0; i++) {
        double *ms = timed[i].ms;
        add(t, s->which[i], batch, length, "ms", bench_median(ms, turns));
        add(t, s->which[i], batch, length, "spread", ms[turns - 1 - turns / 4] - ms[turns / 4]);
    }
    microbatch_free(&mb);
    bench_set_free(&set);
    free(idx);
    free(timed);
    return turns < 0 ? -1 : 0;
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

static int measure(struct store *store, const struct latency_cfg *c, const char *geometry)
{
    int batch[MOST], length[MOST];
    struct dims d;
    if (geometry_dims(&d, NULL, NULL, geometry) != 0)
        return -1;
    int n = numbers_of(batch, "batches",
                       c->batches ? c->batches
                       : c->full  ? "1,2,4,8,16,32"
                                  : "1,4,16",
                       4096);
    int m = n < 0 ? -1
                  : numbers_of(length, "lengths",
                               c->lengths ? c->lengths
                               : c->full  ? "128,256,512"
                                          : "16,64,128",
                               d.max_pos);
    if (m < 0)
        return -1;
    struct sides *s = xalloc(1, sizeof *s);
    struct numbers t = { 0 };
    char *settings = c->rank == 16 ? xstrdup("") : xprintf("rank=%ld", c->rank);
    const struct analysis_set set = { geometry, "latency", settings };

    int rc = make_sides(s, geometry, c->rank, batch[n - 1], length[m - 1]);
    for (int i = 0; i < s->n && rc == 0; i++) {
        const struct model *model = &s->b[s->which[i]].m;
        bool added = s->which[i] != BASE && s->which[i] != MERGED;
        add(&t, s->which[i], 0, 0, "parameters",
            added ? (double)(model->n_train - model->n_train_head) : 0);
    }
    for (int i = 0; i < n && rc == 0; i++)
        for (int j = 0; j < m && rc == 0; j++) {
            progress("%s: batch %d, %d tokens", geometry, batch[i], length[j]);
            rc = time_cell(&t, s, batch[i], length[j], c->seconds);
        }
    if (rc == 0)
        rc = study_store(store, &set, t.row, t.n, "latency");
    free(settings);
    free(t.row);
    free_sides(s);
    free(s);
    return rc;
}

static int run(struct store *store, const void *cfg)
{
    const struct latency_cfg *c = cfg;
    char *list = xstrdup(c->geometry ? c->geometry : c->full ? "minilm,roberta-base" : "minilm");
    char *rest = NULL;
    int rc = 0;

    for (char *g = strtok_r(list, ",", &rest); g && rc == 0; g = strtok_r(NULL, ",", &rest))
        rc = measure(store, c, g);
    free(list);
    return rc;
}

const struct ablation ablation_latency = {
    .name = "latency",
    .source = "Hu et al. 2021, table 1 and figure 5",
    .about = "how much longer does a forward pass take with adapters beside the weights?",
    .opts = opts,
    .cfg_size = sizeof(struct latency_cfg),
    .alone = true,
    .run = run,
};
