/* cider.c - CIDEr (Vedantam et al. 2015) of the COCO caption scripts, which is CIDEr-D without
 * stemming: for 1- to 4-grams the cosine of tf-idf vectors, clipped to the reference, with a
 * penalty exp(-d^2 / 72) for a difference d in length; the mean over references and orders, times
 * 10. */
#include "core/words/ngrams.h"
#include "core/score/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ORDERS = 4 };

/* The tf-idf vector of a text: its different n-grams, how often each occurs, and, per order, the
 * norm. */
struct vector {
    int *gram, *times, n, bigrams;
    double norm[ORDERS];
};
struct corpus {
    struct ngrams grams; /* BEST: in how many segments' references the n-gram is */
    double log_n;
};

static double idf(const struct corpus *c, int gram)
{
    return c->log_n - log(fmax(1, c->grams.g[gram].best));
}

/* The n-grams of a text, each once, with how often; COUNT is 0 before and after. */
static void vector_init(struct vector *v, struct corpus *c, const struct words *w, int i)
{
    int n = words_count(w, i);
    size_t room = ORDERS * (size_t)n + 1;

    *v = (struct vector){ .gram = xalloc(room, sizeof *v->gram),
                          .times = xalloc(room, sizeof *v->times) };
    int k = ngrams_list(&c->grams, words_of(w, i), n, ORDERS, v->gram);
    for (int g = 0; g < k; g++)
        c->grams.g[v->gram[g]].count++;
    for (int g = 0; g < k; g++) {
        struct ngram *x = &c->grams.g[v->gram[g]];
        if (x->count == 0)
            continue;
        v->gram[v->n] = v->gram[g];
        v->times[v->n++] = x->count;
        x->count = 0;
    }
    v->bigrams = n > 1 ? n - 1 : 0;
}

static void vector_weigh(struct vector *v, const struct corpus *c)
{
    for (int g = 0; g < v->n; g++) {
        double x = v->times[g] * idf(c, v->gram[g]);
        v->norm[c->grams.g[v->gram[g]].order - 1] += x * x;
    }
    for (int o = 0; o < ORDERS; o++)
        v->norm[o] = sqrt(v->norm[o]);
}

static void vector_free(struct vector *v)
{
    free(v->gram);
    free(v->times);
}

static double similarity(struct corpus *c, const struct vector *hyp, const struct vector *ref)
{
    double dot[ORDERS] = { 0 }, sum = 0, delta = hyp->bigrams - ref->bigrams;

    for (int g = 0; g < ref->n; g++)
        c->grams.g[ref->gram[g]].count = ref->times[g];
    for (int g = 0; g < hyp->n; g++) {
        const struct ngram *x = &c->grams.g[hyp->gram[g]];
        double w = idf(c, hyp->gram[g]);
        dot[x->order - 1] += fmin(hyp->times[g] * w, x->count * w) * x->count * w;
    }
    for (int g = 0; g < ref->n; g++)
        c->grams.g[ref->gram[g]].count = 0;
    for (int o = 0; o < ORDERS; o++) {
        if (hyp->norm[o] != 0 && ref->norm[o] != 0)
            dot[o] /= hyp->norm[o] * ref->norm[o];
        sum += dot[o] * exp(-delta * delta / (2 * 6.0 * 6.0));
    }
    return sum / ORDERS;
}

/* BEST of every n-gram becomes the number of segments with a reference that has it. */
static void count_documents(struct corpus *c, struct vector *refs, const struct score_texts *t)
{
    int *last = NULL, known = 0;

    for (int i = 0; i < t->n; i++)
        for (int r = t->first[i]; r < t->first[i + 1]; r++)
            for (int g = 0; g < refs[r].n; g++) {
                int gram = refs[r].gram[g];
                if (gram >= known) {
                    last = xgrow(last, (size_t)c->grams.n, sizeof *last);
                    for (; known < c->grams.n; known++)
                        last[known] = -1;
                }
                c->grams.g[gram].best += last[gram] != i;
                last[gram] = i;
            }
    free(last);
}

/* The script splits words again at characters such as U+00A0, which "1 1/2" has inside a word. */
static struct words split_again(struct vocabulary *v, const struct vocabulary *from,
                                const struct words *w)
{
    struct words out;

    words_begin(&out, w->n);
    for (int i = 0; i < w->n; i++) {
        for (int k = 0; k < words_count(w, i); k++) {
            struct words one;
            words_begin(&one, 1);
            words_of_line(&one, v, from->word[words_of(w, i)[k]]);
            for (int j = 0; j < one.n_ids; j++)
                words_add(&out, one.id[j]);
            words_free(&one);
        }
        words_end(&out);
    }
    return out;
}

static int cider_measure(struct score_job *job, double *stats, double *segment)
{
    const struct score_words *w = score_words(job, words_ptb);
    const struct score_texts *t = score_texts(job);
    int n_refs = t->first[t->n];
    struct vocabulary v = { 0 };
    struct words hyps = split_again(&v, &w->vocabulary, &w->hyp),
                 all = split_again(&v, &w->vocabulary, &w->ref);
    struct vector *refs = xalloc((size_t)n_refs + 1, sizeof *refs), hyp;
    struct corpus c = { .log_n = log(t->n) };

    for (int r = 0; r < n_refs; r++)
        vector_init(&refs[r], &c, &all, r);
    count_documents(&c, refs, t);
    for (int r = 0; r < n_refs; r++)
        vector_weigh(&refs[r], &c);
    for (int i = 0; i < t->n; i++) {
        double sum = 0;
        vector_init(&hyp, &c, &hyps, i);
        vector_weigh(&hyp, &c);
        for (int r = t->first[i]; r < t->first[i + 1]; r++)
            sum += similarity(&c, &hyp, &refs[r]);
        segment[i] = 10 * sum / (t->first[i + 1] - t->first[i]);
        stats[2 * i] = segment[i];
        stats[2 * i + 1] = 1;
        vector_free(&hyp);
    }
    for (int r = 0; r < n_refs; r++)
        vector_free(&refs[r]);
    free(refs);
    ngrams_free(&c.grams);
    words_free(&hyps);
    words_free(&all);
    vocabulary_free(&v);
    return 0;
}

const struct score_kind score_kind_e2e_cider = {
    .name = "e2e_cider",
    .label = "CIDEr",
    .family = "e2e",
    .source = "the COCO caption scripts in e2e-metrics; the total is the mean",
    .order = 5,
    .decimals = 4,
    .n_stats = 2,
    .measure = cider_measure,
    .total = score_mean,
};
