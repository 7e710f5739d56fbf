/* test_gen_walk.c - draws of tokens: how often each comes, against the definition of top_k and
 * top_p written out. */
#include "core/generate/gen_search.h"
#include "tests/kit/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 12, DRAWS = 6000 };
static const real logits[WORDS] = { 0.5, 2, -1, 1.9, 1.5, 0, -3, 1, 0.25, -0.5, 1.25, 0.75 };

static const struct {
    double temperature, top_p;
    long top_k;
} row[] = { { 1, 1, 0 },   { 0.5, 1, 0 },  { 2, 1, 0 },     { 1, 1, 1 },      { 1, 1, 4 },
            { 1, 0.5, 0 }, { 1, 1e-9, 0 }, { 0.7, 0.8, 6 }, { 1, 0.999, 50 }, { 1, 0.3, 3 } };

/* The probabilities as transformers has them: of sorted tokens those are removed from the end whose
 * probabilities add up to at most 1 - top_p. */
static void probabilities(double *p, double temperature, double top_p, long top_k)
{
    int order[WORDS];
    double sum = 0, tail = 0;

    for (int i = 0; i < WORDS; i++)
        order[i] = i;
    for (int i = 0; i < WORDS; i++) /* ascending */
        for (int k = i + 1; k < WORDS; k++)
            if (logits[order[k]] < logits[order[i]]) {
                int t = order[i];
                order[i] = order[k];
                order[k] = t;
            }
    for (int i = 0; i < WORDS; i++) {
        bool keep = top_k == 0 || top_k >= WORDS || logits[i] >= logits[order[WORDS - top_k]];
        sum += p[i] = keep ? exp((double)logits[i] / temperature) : 0;
    }
    for (int i = 0; i < WORDS; i++)
        p[i] /= sum;
    sum = 0;
    for (int i = 0; i < WORDS; i++) {
        tail += p[order[i]];
        if (tail <= 1 - top_p && i < WORDS - 1)
            p[order[i]] = 0;
    }
    for (int i = 0; i < WORDS; i++)
        sum += p[i];
    for (int i = 0; i < WORDS; i++)
        p[i] /= sum;
}

START_TEST(draws_follow_the_probabilities)
{
    struct base_model base = { .dims = { .vocab = WORDS } };
    struct model m = { .base = &base };
    struct gen_settings s;
    int prompt[] = { 0 }, count[WORDS] = { 0 };
    double p[WORDS];

    opt_defaults(gen_settings_opts, &s);
    s.sample = true;
    s.temperature = row[_i].temperature;
    s.top_p = row[_i].top_p;
    s.top_k = row[_i].top_k;
    s.max_new = 2;
    struct gen_job job = { .model = &m, .settings = &s };
    for (int i = 0; i < DRAWS; i++) {
        struct gen_input in = { prompt, 1, (uint32_t)i };
        struct gen_search q;
        real z[WORDS];
        gen_search_init(&q, &job, &in, 2, 1);
        memcpy(z, logits, sizeof z);
        ck_assert_int_eq(gen_search_step(&q, mat_make(z, 1, WORDS)), 0);
        count[q.live[0].ids[0]]++;
        gen_search_free(&q);
    }
    probabilities(p, s.temperature, s.top_p, s.top_k);
    for (int i = 0; i < WORDS; i++) { /* five standard deviations */
        double sd = sqrt(DRAWS * p[i] * (1 - p[i]));
        ck_assert_msg(fabs(count[i] - DRAWS * p[i]) <= 5 * sd + 1e-6, "token %d: %d, not %.1f", i,
                      count[i], DRAWS * p[i]);
    }
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, draws_follow_the_probabilities, 0, (int)ARRAY_LEN(row));
}

const struct suite suite_gen_walk = { "gen_walk", fill };
