/* generate.c - continuing prompts: what may be asked for, and the threads. */
#include "core/generate/generate.h"

#include "core/generate/gen_batch.h"
#include "core/math/packed.h"
#include "core/nn/soft.h"
#include "core/os/pool.h"

#include <stdlib.h>

int generate_room(const struct model *m, int n)
{
    return m->base->dims.max_pos - soft_rows(m) - n;
}

void generate_output_free(struct gen_output *out)
{
    free(out->ids);
    *out = (struct gen_output){ 0 };
}

int generate_check(const struct model *m, const int *ids, int n)
{
    int vocab = m->base->dims.vocab, room = generate_room(m, n);

    if (n == 0)
        return fail(FAIL_INPUT, "the prompt is empty");
    if (room < 1)
        return fail(FAIL_INPUT,
                    "the prompt has %d tokens, but the model has positions for %d, one of them for "
                    "a new token",
                    n, n + room);
    for (int k = 0; k < n; k++)
        if (ids[k] < 0 || ids[k] >= vocab)
            return fail(FAIL_INPUT, "token %d has the id %d; the vocabulary is 0 to %d", k + 1,
                        ids[k], vocab - 1);
    return 0;
}

int generate_together(const struct gen_settings *s, int n, int threads)
{
    long most = !plain_rows_alike() ? 1 : s->batch < n ? s->batch : n;

    return (int)((most + threads - 1) / threads);
}

static void run_worker(void *arg, int piece, int thread)
{
    (void)piece, (void)thread;
    gen_batch_run(arg);
}

/* Inputs that one thread computes together. Where the bits of a row depend on the number of rows,
 * it is one, so that results do not depend on the others. */
static int most_together(const struct gen_job *job, int threads)
{
    return model_rows_alike(job->model) ? generate_together(job->settings, job->n, threads) : 1;
}

int generate(struct gen_output *out, const struct gen_job *job)
{
    int threads = job->pool ? pool_threads(job->pool) : 1;
    struct shared s = { .job = job, .out = out, .lock = PTHREAD_MUTEX_INITIALIZER };

    CHECK(job->model->base->arch->causal, "generation with %s", job->model->base->arch->name);
    for (int i = 0; i < job->n; i++)
        out[i] = (struct gen_output){ 0 };
    for (int i = 0; i < job->n; i++)
        if (generate_check(job->model, job->in[i].ids, job->in[i].n) != 0)
            return fail_context("input %d", i + 1);
    for (int i = 0; i < job->n_end; i++)
        CHECK(job->end[i] >= 0 && job->end[i] < job->model->base->dims.vocab, "end token %d",
              job->end[i]);
    s.most = most_together(job, threads);
    if (job->pool)
        pool_run(job->pool, threads < job->n ? threads : job->n, run_worker, &s);
    else if (job->n > 0)
        gen_batch_run(&s);
    pthread_mutex_destroy(&s.lock);
    return s.failed ? -1 : 0;
}
