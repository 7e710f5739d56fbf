/* sentence_probe.c - zero-shot sentence similarity of an encoder. */
#include "ablations/common/sentence_probe.h"
#include "ablations/common/similarity.h"
#include "experiments/assets/task_facts.h"
#include "results/stats/stats.h"

#include <stdlib.h>

static const char task[] = "stsb";

int sentence_probe_check(struct session *ses)
{
    return task_facts(ses, task) ? 0 : -1;
}

int sentence_probe_load(struct sentence_probe *p, struct session *ses, const char *model, long n)
{
    *p = (struct sentence_probe){ 0 };
    return encode_set(&p->first, ses, model, task, SPLIT_DEV, n, 0) == 0
               ? encode_set(&p->second, ses, model, task, SPLIT_DEV, n, 1)
               : -1;
}

static double correlation(const struct encoded *a, const struct encoded *b, const double *score)
{
    size_t last = (size_t)(a->places - 1) * (size_t)a->n * (size_t)a->d;
    double *cosine = xalloc((size_t)a->n, sizeof *cosine);

    for (int i = 0; i < a->n; i++) {
        size_t at = last + (size_t)i * (size_t)a->d;
        cosine[i] = similarity_cosine(a->text + at, b->text + at, 1, a->d);
    }
    double rho = stats_spearman(cosine, score, a->n);
    free(cosine);
    return rho;
}

int sentence_probe_score(double *rho, const struct model *m, const struct sentence_probe *p)
{
    struct encoded a = { 0 }, b = { 0 };
    int rc = encode_texts(&a, m, &p->first);

    if (rc == 0)
        rc = encode_texts(&b, m, &p->second);
    if (rc == 0)
        *rho = correlation(&a, &b, p->first.target);
    encoded_free(&a);
    encoded_free(&b);
    return rc;
}

void sentence_probe_free(struct sentence_probe *p)
{
    dataset_free(&p->first);
    dataset_free(&p->second);
}
