/* gen_search.c - what every search has: continuations, and tokens that may not come next. */
#include "core/generate/gen_search.h"

#include "core/math/logit_row.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void hyps_init(struct hyp **v, int n, int ids, int rows)
{
    *v = xalloc((size_t)n, sizeof **v);
    for (int i = 0; i < n; i++) {
        (*v)[i].ids = xalloc((size_t)ids, sizeof(int));
        (*v)[i].row = rows ? xalloc((size_t)rows, sizeof(int)) : NULL;
    }
}

static void hyps_free(struct hyp *v, int n)
{
    for (int i = 0; v && i < n; i++) {
        free(v[i].ids);
        free(v[i].row);
    }
    free(v);
}

void gen_search_init(struct gen_search *q, const struct gen_job *job, const struct gen_input *in,
                     int limit, int n_rows)
{
    int beams = (int)job->settings->beams, rows = n_rows + limit;

    *q = (struct gen_search){ .set = job->settings,
                              .in = in,
                              .end = job->end,
                              .n_end = job->n_end,
                              .vocab = job->model->base->dims.vocab,
                              .limit = limit,
                              .n_live = 1 };
    hyps_init(&q->live, beams, limit, rows);
    hyps_init(&q->next, beams, limit, rows);
    hyps_init(&q->finished, beams + 1, limit, 0);
    q->score = xalloc((size_t)beams + 1, sizeof *q->score);
}

void gen_search_free(struct gen_search *q)
{
    int beams = q->set ? (int)q->set->beams : 0;

    hyps_free(q->live, beams);
    hyps_free(q->next, beams);
    hyps_free(q->finished, beams + 1);
    free(q->score);
    free(q->pool);
    free(q->sorted);
    *q = (struct gen_search){ 0 };
}

void gen_search_put(struct hyp *to, const struct hyp *from, int id, double sum)
{
    memcpy(to->ids, from->ids, (size_t)from->n * sizeof *to->ids);
    if (to->row)
        memcpy(to->row, from->row, (size_t)from->n_rows * sizeof *to->row);
    to->ids[from->n] = id;
    to->n = from->n + 1;
    to->n_rows = from->n_rows;
    to->sum = sum;
}

void gen_search_finish(struct gen_search *q, const struct hyp *from, int id, double sum, int most)
{
    double score = sum / gen_settings_lp(q->set, from->n + 1);
    int at = q->n_finished;
    struct hyp last = q->finished[at];

    gen_search_put(&last, from, id, sum);
    for (; at > 0 && score > q->score[at - 1]; at--) {
        q->finished[at] = q->finished[at - 1];
        q->score[at] = q->score[at - 1];
    }
    q->finished[at] = last;
    q->score[at] = score;
    q->n_finished += q->n_finished < most;
}

bool gen_search_is_end(const struct gen_search *q, int id)
{
    for (int i = 0; i < q->n_end; i++)
        if (q->end[i] == id)
            return true;
    return false;
}

double gen_search_log_norm(const real *z, int n)
{
    real max = row_max(z, n);

    return (double)max + log(row_exp_sum(NULL, z, n, max));
}

int gen_search_not_numbers(const struct gen_search *q, const struct hyp *h)
{
    return fail(FAIL_RUN, "input %u: the logits after token %d are not numbers; the model diverged",
                q->in->number + 1, q->in->n + h->n);
}

/* Token I of prompt and continuation. */
static int token_at(const struct gen_search *q, const struct hyp *h, int i)
{
    return i < q->in->n ? q->in->ids[i] : h->ids[i - q->in->n];
}

/* Tokens that would repeat a sequence of N tokens. */
static void ban_repeats(const struct gen_search *q, const struct hyp *h, real *z, int n)
{
    int len = q->in->n + h->n;

    for (int i = 0; i + n <= len; i++) {
        bool same = true;
        for (int k = 0; same && k + 1 < n; k++)
            same = token_at(q, h, i + k) == token_at(q, h, len - n + 1 + k);
        if (same)
            z[token_at(q, h, i + n - 1)] = -INFINITY;
    }
}

void gen_search_ban(const struct gen_search *q, const struct hyp *h, real *z)
{
    if (q->set->no_repeat_ngram > 0)
        ban_repeats(q, h, z, (int)q->set->no_repeat_ngram);
    for (int i = 0; i < q->n_end && h->n < q->set->min_new; i++)
        z[q->end[i]] = -INFINITY;
}

int gen_search_step(struct gen_search *q, struct mat z)
{
    CHECK(z.rows == q->n_live && z.cols == q->vocab && !q->over, "%d rows of %d, %d live", z.rows,
          z.cols, q->n_live);
    return q->set->beams > 1 ? gen_beam(q, z) : gen_walk(q, z);
}

void gen_search_result(const struct gen_search *q, struct gen_output *out)
{
    const struct hyp *h = q->n_finished > 0 ? &q->finished[0] : &q->live[0];

    *out = (struct gen_output){ .n = h->n, .finished = h->n > 0 };
    out->ids = xalloc((size_t)h->n + 1, sizeof *out->ids);
    memcpy(out->ids, h->ids, (size_t)h->n * sizeof *out->ids);
    out->finished = h->n > 0 && gen_search_is_end(q, h->ids[h->n - 1]);
    out->score = q->n_finished > 0 ? q->score[0]
                 : h->n > 0        ? h->sum / gen_settings_lp(q->set, h->n)
                                   : 0;
}
