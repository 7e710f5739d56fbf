/* bench_sides.c - models of one geometry, compared by the time of a forward pass. */
#include "experiments/bench/bench_sides.h"

#include <stdlib.h>

/* A method that does nothing before training: its biases are those of the model. */
static const char neutral_method[] = "bitfit";

static int model_of_side(struct bench_sides *s, enum bench_side_kind kind, struct session *ses,
                         const struct settings *v, long sequences, long tokens, int from)
{
    const struct model *update = kind == BENCH_SIDE_MERGED ? &s->model[from].m : NULL;
    struct bench_model *b = &s->model[s->n];
    struct settings own = { 0 };

    if (update && !update->adapt->merge)
        return fail(FAIL_USAGE, "the method '%s' has no update that can be merged",
                    update->adapt->name);
    settings_copy(&own, v);
    if (kind != BENCH_SIDE_ADAPTER)
        settings_set(&own, "method", neutral_method, location_named("lowrank bench"));
    int rc = bench_model_init(b, ses, &own, sequences, tokens, update);
    settings_free(&own);
    if (rc == 0 && kind == BENCH_SIDE_ADAPTER)
        bench_model_fill(&b->m);
    return rc;
}

int bench_sides_add(struct bench_sides *s, enum bench_side_kind kind, struct session *ses,
                    const struct settings *v, long sequences, long tokens, int from)
{
    CHECK(s->n < BENCH_MOST_SIDES, "%d sides", s->n);
    if (model_of_side(s, kind, ses, v, sequences, tokens, from) != 0)
        return -1;
    struct bench_model *b = &s->model[s->n];
    struct workspace *ws = &s->ws[s->n];
    if (workspace_init(ws, &b->m, false) != 0) {
        bench_model_free(b);
        return -1;
    }
    ws->all_logits = s->logits && b->base.arch->causal;
    s->timed[s->n] = (struct bench_side){ .m = &b->m, .ws = ws };
    s->n++;
    return 0;
}

void bench_sides_batch(struct bench_sides *s, int sequences, int tokens)
{
    int *idx = xalloc((size_t)sequences, sizeof *idx);

    for (int i = 0; i < sequences; i++)
        idx[i] = i;
    bench_model_examples_free(&s->set);
    bench_model_examples(&s->set, &s->model[0].d, sequences, tokens, false);
    microbatch_fill(&s->mb, &s->set, idx, sequences, 0);
    free(idx);
}

int bench_sides_time(struct bench_sides *s, double seconds, uint32_t orders)
{
    return bench_turns(s->timed, s->n, &s->mb.b, seconds, orders);
}

void bench_sides_free(struct bench_sides *s)
{
    for (int i = 0; i < s->n; i++) {
        workspace_free(&s->ws[i]);
        bench_model_free(&s->model[i]);
    }
    bench_model_examples_free(&s->set);
    microbatch_free(&s->mb);
    *s = (struct bench_sides){ 0 };
}
