/* texts_cost.c - time and memory of a run's evaluation by generated texts. */
#include "experiments/estimate/texts_cost.h"
#include "core/data/groups.h"
#include "core/generate/generate.h"
#include "experiments/recipe/data.h"

#include <math.h>
#include <stdlib.h>

/* Timing: about so many beams together, for so many tokens each. */
enum { TIMED_BEAMS = 32, TIMED_TOKENS = 4 };

static const struct dataset *inputs_of(struct groups *g, const struct recipe *r,
                                       const struct run_data *d)
{
    const struct dataset *reported = d->split[train_reports(&r->train)];

    groups_init(g, reported, r->run.generate_n, EVAL_SUBSET_SEED);
    return reported;
}

static int first_of(const struct groups *g, int i)
{
    return g->example[g->from[i]];
}

size_t texts_cost_bytes(const struct model *m, const struct recipe *r, const struct run_data *d,
                        int threads)
{
    struct groups g;
    int longest = 1, n;

    if (r->run.generate_n == 0)
        return 0;
    const struct dataset *set = inputs_of(&g, r, d);
    for (int i = 0; i < g.n; i++) {
        dataset_prompt(set, first_of(&g, i), &n);
        longest = n > longest ? n : longest;
    }
    size_t bytes = generate_bytes(m, &r->task->texts.settings, g.n, longest, threads) +
                   model_merge_bytes(m, !adapt_unmerged(m->adapt)) + 3 * m->n_train * sizeof(real);
    groups_free(&g);
    return bytes;
}

/* Seconds until N inputs have NEW tokens each; -1 after fail. */
static double timed_texts(const struct model *m, const struct recipe *r, const struct gen_input *in,
                          int n, int new)
{
    struct gen_settings s = r->task->texts.settings;
    struct gen_output *out = xalloc((size_t)n, sizeof *out);

    s.min_new = s.max_new = new;
    struct gen_job job = { .model = m, .settings = &s, .in = in, .n = n };
    double start = now_mono();
    int rc = generate(out, &job);
    double took = now_mono() - start;
    for (int i = 0; i < n; i++)
        generate_output_free(&out[i]);
    free(out);
    return rc == 0 ? took : -1;
}

int texts_cost_measure(double *token_s, struct model *m, const struct recipe *r,
                       const struct run_data *d)
{
    const struct gen_settings *s = &r->task->texts.settings;
    struct model merged = { 0 };
    struct groups g;
    const struct dataset *set = inputs_of(&g, r, d);
    int n = generate_together(s, g.n, 1), most = (int)((TIMED_BEAMS + s->beams - 1) / s->beams);

    n = n < most ? n : most;
    struct gen_input *in = xalloc((size_t)n, sizeof *in);
    for (int i = 0; i < n; i++)
        in[i].ids = dataset_prompt(set, first_of(&g, i), &in[i].n);
    int rc = model_merge(&merged, m, !adapt_unmerged(m->adapt));
    const struct model *use = rc == 0 ? &merged : m;
    double first = rc < 0 ? -1 : timed_texts(use, r, in, n, 1); /* that warms everything up */
    first = first < 0 ? -1 : timed_texts(use, r, in, n, 1);
    double all = first < 0 ? -1 : timed_texts(use, r, in, n, TIMED_TOKENS);
    *token_s = fmax(all - first, 0) / ((double)n * (double)s->beams * (TIMED_TOKENS - 1));
    model_free(&merged);
    groups_free(&g);
    free(in);
    return all < 0 ? -1 : 0;
}

double texts_cost_seconds(const struct recipe *r, const struct run_data *d, double prompt_s,
                          double token_s)
{
    const struct gen_settings *s = &r->task->texts.settings;
    struct groups g;
    double prompts = 0, tokens = 0;
    int n;

    if (r->run.generate_n == 0)
        return 0;
    const struct dataset *set = inputs_of(&g, r, d);
    for (int i = 0; i < g.n; i++) {
        int text = dataset_targets(set, first_of(&g, i));
        dataset_prompt(set, first_of(&g, i), &n);
        prompts += n;
        tokens += (double)(text < s->max_new ? text : s->max_new);
    }
    groups_free(&g);
    return prompts * prompt_s + tokens * (double)s->beams * token_s;
}
