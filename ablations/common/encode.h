/* encode.h - hidden states that a model computes from texts, before or after it was trained, and how
 * alike those of two models are. */
#ifndef ENCODE_H
#define ENCODE_H

#include "ablations/common/study_runs.h"
#include "core/data/dataset.h"
#include "experiments/apply/adapted.h"

/* Of N texts, in float64. Place 0 is after the embeddings, k after block k, and n_layers + 1 the last
 * hidden states (after a final LayerNorm, where there is one). */
struct encoded {
    int n, d, places;
    double *text;  /* [places, n, d] means over a text's tokens */
    double *token; /* [places, n, d] N single tokens, evenly spaced over all texts */
};
/* encode_texts - every example of SET through A. Errors: FAIL_INPUT: a text longer than the model has
 * positions; FAIL_MEMORY, FAIL_STOPPED. encoded_free of a zeroed one does nothing. */
int encode_texts(struct encoded *e, const struct adapted *a, const struct dataset *set);
void encoded_free(struct encoded *e);

/* encode_run - the same through the trained model of a finished run R of STUDY; R NULL: through MODEL as
 * it was before. Errors: as study_run_file, adapted_open. */
int encode_run(struct encoded *e, const char *model, const struct study_run *r,
               const struct dataset *set);

/* encode_set - N examples (0: all) of a split of a task as the tokenizer of MODEL cuts them; SECOND: of
 * pairs the second text alone, else the first; -1: both together, as in training. *set by dataset_free.
 * Errors: as task_facts, dataset_load. */
int encode_set(struct dataset *set, const char *model, const char *task, enum split s, long n,
               int second);

/* gram_of - what CKA needs of x [n,d] as k [n,n], n > 3; gram_cka - that of two such. With K = X X^T, L = Y
 * Y^T, and K~, L~ the same with zeros on the diagonal,
 *
 *     CKA(X, Y)  = HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L))         Kornblith et al. 2019, sec. 3
 *     HSIC(K, L) = [ tr(K~ L~) + 1'K~1 1'L~1 / ((n-1)(n-2)) - 2/(n-2) 1'K~ L~ 1 ] / (n (n-3))
 *
 * linear centred kernel alignment with the unbiased estimator of HSIC (Song et al. 2012, eq. 5; for CKA:
 * Nguyen et al. 2021, eq. 3). The usual one is far above 0 for unrelated X and Y when n is not far above d;
 * this one is 0 on average, so it may be slightly negative, 1 for X with itself, and never outside [-1, 1].
 * It does not change when either side is turned, scaled or moved. k holds K~ less its rows' and columns'
 * parts (Szekely and Rizzo 2014: U-centred) over its own norm, so that HSIC is a sum of products; all NaN
 * when nothing is left: rows that are all alike, or all equally far from each other. */
void gram_of(double *k, const double *x, int n, int d);
double gram_cka(const double *k, const double *l, int n);

/* mean_cosine - of rows i of x and y [n,d], over i; NaN when a row is 0. */
double mean_cosine(const double *x, const double *y, int n, int d);
#endif
