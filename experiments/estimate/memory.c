/* memory.c - the memory that the runs of a study will take: what they share, what each of them
 * adds, and whether it fits. */
#include "experiments/estimate/memory.h"
#include "core/math/mat.h"
#include "core/os/cpu.h"
#include "core/weights/quantized.h"
#include "experiments/assets/loaded_model.h"
#include "experiments/estimate/texts_cost.h"
#include "experiments/recipe/data.h"
#include "experiments/recipe/footprint.h"

#include <stdlib.h>
#include <string.h>

/* Measured: libraries and tables of a process with an open store; the pages of these that a forked
 * worker writes to; the buffers in which one thread multiplies. */
enum { PROCESS_BYTES = 19 << 20, WORKER_BYTES = 3 << 20, THREAD_BYTES = 2 << 20 };

/* --- one run */

/* Machine code that oneDNN generates: one kernel for each input of a block, number of rows, and
 * direction. All layers share it. */
static size_t kernel_bytes(const struct footprint *g, const struct dims *d,
                           const struct train_need *need)
{
    int forward = 0, backward = 0;

    for (int k = 0; k < N_GROUP; k++) {
        int most = PACK_NONE;
        for (int i = 0; i < d->n_layers; i++)
            if (g->packs[i * N_GROUP + k] > most)
                most = g->packs[i * N_GROUP + k];
        forward += most != PACK_NONE;
        backward += most == PACK_BOTH;
    }
    int both = forward + backward;
    int n = need->rows[ROWS_TRAINED] * both + need->rows[ROWS_EVALUATED] * forward +
            need->rows[ROWS_FIRSTS] * both * (N_GROUP - 1) / N_GROUP;
    return (size_t)n * packed_code_size();
}

/* BYTES: what one run takes. CACHE: the part of it that is the frozen-prefix cache, which a run
 * keeps when oneDNN multiplies (its rows do not depend on their neighbors) and when a quarter of
 * the available memory holds it. TEXTS: what generated texts take after training, whose memory has
 * been returned by then. */
struct run_bytes {
    size_t bytes, cache, texts;
};

static int run_bytes_of(struct run_bytes *b, const struct recipe *r, const struct run_data *d,
                        int threads)
{
    struct model m;

    if (footprint_model(&m, r) != 0)
        return -1;
    struct train_need need = train_need(&m, &r->train, d, threads);
    b->cache = strcmp(packed_library(), "none") != 0 ? train_frozen_cache_bytes(&m, d) : 0;
    if (b->cache > cpu_info()->mem_available / 4)
        b->cache = 0;
    b->texts = texts_cost_bytes(&m, r, d, threads);
    b->bytes = need.bytes + b->cache > b->texts ? need.bytes + b->cache : b->texts;
    b->bytes += kernel_bytes(r->footprint, &m.base->dims, &need) + WORKER_BYTES +
                (size_t)threads * THREAD_BYTES;
    model_free(&m);
    return 0;
}

/* Everything that the memory of a run depends on: runs that agree in it take the same. */
struct same_memory {
    const struct footprint *g;
    const struct dataset *split[N_SPLITS];
    const struct task_facts *texts; /* whose settings generate texts, or NULL */
    long batch, batch_tokens, accumulate, epochs, steps, recompute, generate_n;
    double drop[3];
};

static struct same_memory same_memory_of(const struct recipe *r, const struct run_data *d)
{
    const struct train_cfg *c = &r->train;
    struct same_memory a;

    memset(&a, 0, sizeof a);
    a.g = r->footprint;
    memcpy(a.split, d->split, sizeof a.split);
    a.batch = c->batch;
    a.batch_tokens = c->batch_tokens;
    a.accumulate = c->accumulate;
    a.epochs = c->epochs;
    a.steps = c->steps;
    a.recompute = train_recompute(c);
    a.generate_n = r->run.generate_n;
    a.texts = a.generate_n ? r->task : NULL;
    a.drop[0] = c->hidden_dropout;
    a.drop[1] = c->attn_dropout;
    a.drop[2] = c->classifier_dropout;
    return a;
}

int memory_study(struct study *s, const bool *pending, int threads)
{
    struct memo {
        struct same_memory a;
        struct run_bytes b;
    } *memo = NULL;
    int n = 0, rc = 0;

    for (int i = 0; i < s->n_runs && rc == 0; i++) {
        const struct recipe *r = &s->runs[i].recipe;
        struct run_data d;
        int k = 0;
        if (pending && !pending[i])
            continue;
        rc = stop_check() != 0 ? -1 : data_all(&d, r);
        if (rc != 0)
            break;
        struct same_memory a = same_memory_of(r, &d);
        while (k < n && memcmp(&memo[k].a, &a, sizeof a) != 0)
            k++;
        if (k == n) {
            memo = xgrow(memo, (size_t)n + 1, sizeof *memo);
            memo[n].a = a;
            rc = run_bytes_of(&memo[n].b, r, &d, threads);
            n++;
        }
        s->runs[i].rss = memo[k].b.bytes;
        s->runs[i].kept = memo[k].b.cache;
        s->runs[i].texts_bytes = memo[k].b.texts;
    }
    free(memo);
    return rc;
}

/* --- what the runs of one process, or all workers of a sweep, share */

/* What the pending runs need from one model. */
struct model_need {
    struct session *session;
    const struct model_facts *model;
    enum precision precision;
    bool again;           /* the model is already in the list, with the other precision */
    unsigned char *packs; /* enum pack_need of each group of each layer */
    size_t tables;        /* bytes of frozen matrices outside the blocks */
};

static void model_need_raise(struct model_need *n, const struct footprint *g)
{
    int groups = n->model->dims.n_layers * N_GROUP;

    for (int i = 0; i < groups; i++)
        n->packs[i] = g->packs[i] > n->packs[i] ? g->packs[i] : n->packs[i];
    n->tables = g->tables > n->tables ? g->tables : n->tables;
}

static struct model_need *model_needs_of(const struct study *s, const bool *pending, int *n)
{
    struct model_need *all = NULL;

    *n = 0;
    for (int i = 0; i < s->n_runs; i++) {
        const struct recipe *r = &s->runs[i].recipe;
        const struct model_facts *m = r->model;
        const struct footprint *g = r->footprint;
        int k = 0;
        bool again = false;
        if ((pending && !pending[i]) || !m || !g)
            continue;
        for (; k < *n && (all[k].model != m || all[k].precision != recipe_precision(r)); k++)
            again |= all[k].model == m;
        if (k == *n) {
            all = xgrow(all, (size_t)k + 1, sizeof *all);
            *n = k + 1;
            all[k] = (struct model_need){
                .session = r->session, .model = m, .precision = recipe_precision(r), .again = again
            };
            all[k].packs = xalloc((size_t)m->dims.n_layers * N_GROUP, 1);
        }
        model_need_raise(&all[k], g);
    }
    return all;
}

static void model_needs_free(struct model_need *all, int n)
{
    for (int i = 0; i < n; i++)
        free(all[i].packs);
    free(all);
}

int memory_pack(const struct study *s, const bool *pending)
{
    int n, rc = 0;
    struct model_need *all = model_needs_of(s, pending, &n);

    for (int i = 0; i < n && rc == 0; i++) {
        struct loaded_model *in = loaded_model(all[i].session, all[i].model);
        rc = in ? base_model_pack(&in->base, all[i].packs, all[i].precision) : -1;
    }
    model_needs_free(all, n);
    return rc;
}

static size_t packs_bytes(const struct model_need *n)
{
    const struct dims *d = &n->model->dims;
    size_t bytes = 0;

    for (int g = 0; g < N_GROUP; g++) {
        int out, in, of[N_PACK_NEED] = { 0 };
        group_shape(d, (enum group)g, &out, &in);
        for (int i = 0; i < d->n_layers; i++)
            of[n->packs[i * N_GROUP + g]]++;
        bytes +=
            precision_is_blocks(n->precision)
                ? (size_t)(of[PACK_FORWARD] + of[PACK_BOTH]) * quantized_size(out, in, n->precision)
                : (size_t)of[PACK_FORWARD] * packed_size(out, in, false, n->precision) +
                      (size_t)of[PACK_BOTH] * packed_size(out, in, true, n->precision);
    }
    return bytes;
}

/* The tokenized splits of all runs, each counted once. */
static size_t data_bytes(const struct study *s, const bool *pending)
{
    const struct dataset **seen = xalloc((size_t)s->n_runs * N_SPLITS + 1, sizeof *seen);
    size_t bytes = 0;
    int n = 0;

    for (int i = 0; i < s->n_runs; i++) {
        struct run_data d;
        if ((pending && !pending[i]) || data_all(&d, &s->runs[i].recipe) != 0)
            continue;
        for (int k = 0, at; k < N_SPLITS; k++) {
            for (at = 0; at < n && seen[at] != d.split[k]; at++)
                continue;
            if (at < n || !d.split[k])
                continue;
            seen[n++] = d.split[k];
            bytes += dataset_bytes(d.split[k]);
        }
    }
    free(seen);
    return bytes;
}

size_t memory_shared(const struct study *s, const bool *pending)
{
    int n;
    struct model_need *all = model_needs_of(s, pending, &n);
    size_t bytes = PROCESS_BYTES + data_bytes(s, pending);

    for (int i = 0; i < n; i++) {
        const struct model_facts *m = all[i].model;
        bytes += packs_bytes(&all[i]);
        if (!all[i].again)
            bytes += m->copied_bytes + (m->is_mapped ? all[i].tables : 0);
    }
    model_needs_free(all, n);
    return bytes;
}

/* --- does it fit? */

static int by_falling_size(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;

    return (x < y) - (x > y);
}

int memory_check(const struct study *s, const bool *pending, long jobs)
{
    size_t *rss = xalloc((size_t)s->n_runs, sizeof *rss), have = cpu_info()->mem_available;
    size_t shared = memory_shared(s, pending), need = shared;
    long n = 0, fits = 0;

    for (int i = 0; i < s->n_runs; i++)
        if (pending[i])
            rss[n++] = s->runs[i].rss;
    qsort(rss, (size_t)n, sizeof *rss, by_falling_size);
    for (long i = 0; i < n && i < jobs; i++) {
        need += rss[i];
        if (need <= have)
            fits = i + 1;
    }
    size_t first = n ? rss[0] : 0;
    free(rss);
    if (n == 0 || need <= have)
        return 0;
    if (fits == 0)
        return fail(FAIL_MEMORY, "one worker needs about %.0f MB, but %.0f MB is available",
                    1e-6 * (double)(shared + first), 1e-6 * (double)have);
    return fail(FAIL_MEMORY,
                "%ld workers need about %.0f MB, but %.0f MB is available; -j %ld fits",
                jobs < n ? jobs : n, 1e-6 * (double)need, 1e-6 * (double)have, fits);
}

/* glibc maps twice the size of a heap (64 MiB) to align the first one of a thread. */
static const size_t malloc_arena = (size_t)128 << 20;

int memory_check_limit(const struct study *s, const bool *pending, int threads)
{
    size_t left = ram_address_space(), most = 0;

    if (left == SIZE_MAX)
        return 0;
    for (int i = 0; i < s->n_runs; i++)
        if ((!pending || pending[i]) && s->runs[i].rss > most)
            most = s->runs[i].rss;
    size_t need =
        memory_shared(s, pending) + most + mat_blas_space(threads) + (size_t)threads * malloc_arena;
    if (need <= left)
        return 0;
    return fail(
        FAIL_MEMORY,
        "a run needs about %.0f MB of address space for %d thread%s of OpenBLAS and itself, "
        "but the limit (ulimit -v, ulimit -d) leaves %.0f MB",
        1e-6 * (double)need, threads, threads == 1 ? "" : "s", 1e-6 * (double)left);
}
