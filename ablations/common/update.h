/* update.h - what a run added to each matrix of its model, in float64, beside the matrix itself.
 *
 *     dW = s B A          of a LoRA run, s = alpha / r        Hu et al. 2021, sec. 4.1, eq. 3
 *     dW = W_ft - W_0     of a run that trained W itself
 *
 * Directions stand in rows, the strongest first: U [k,out] on the output side, V [k,in] on the
 * input side, so that dW = sum_k s_k u_k v_k^T. */
#ifndef UPDATE_H
#define UPDATE_H

#include "ablations/common/study_runs.h"
#include "core/nn/model.h"

struct spectrum {
    int k, out, in;
    double *u, *s, *v;
};
/* spectrum_of - the SVD of X [out,in], k = min(out, in). spectrum_of_product - of B [out,r] A
 * [r,in] without forming it: A = P S Q^T, then B P S = U T R^T; directions R^T Q^T; k = min(r, out,
 * in). Errors: FAIL_RUN, FAIL_MEMORY from the SVD. *s by spectrum_free. */
int spectrum_of(struct spectrum *s, const double *x, int out, int in);
int spectrum_of_product(struct spectrum *s, const double *b, const double *a, int out, int r,
                        int in);
void spectrum_free(struct spectrum *s); /* of a zeroed one: nothing */

/* spectrum_project - || U W V^T ||_F of W [out,in] for the first R directions of each side. */
double spectrum_project(const double *u, const double *v, int r, const double *w, int out, int in);

double norm_of(const double *x, size_t n); /* sqrt(sum x^2) */

/* One matrix of the frozen model and its spectrum (empty unless it was asked for). */
struct weight {
    int layer; /* from 0 */
    enum proj proj;
    int out, in;
    double *w; /* [out,in] */
    struct spectrum svd;
};
int weight_read(struct weight *w, const struct base_model *b, int layer, enum proj p, bool svd);
void weight_free(struct weight *w);

/* One update. A run of low rank has factors, too: a [r,in], b [out,r] with s in it. */
struct update {
    const struct study_run *run;
    double scale; /* s; 1 without factors */
    int out, in, r;
    double *dw, *a, *b; /* dw [out,in] */
};
int update_svd(struct spectrum *s, const struct update *u);

/* updates_visit - SEE every matrix that one of the runs changed, matrix by matrix, so that its
 * spectrum (asked for by SVD) is computed once; the runs in their order. SEE returns 0, or -1 after
 * fail(). Of runs that changed no matrix nothing is seen. Errors: FAIL_INPUT: the checkpoint here is
 * not the one the runs were trained on, or a tensor does not fit its matrix, naming both; FAIL_RUN:
 * an adapter that is not there, with the command that makes it. */
struct visit {
    const char *study;
    bool svd;
    int (*see)(void *ctx, const struct weight *w, const struct update *u);
    void *ctx;
};
int updates_visit(const struct study_run *r, int n, const struct visit *v);

void numbers_add(struct numbers *t, const struct weight *w, const struct study_run *run, int i,
                 int j, const char *name, double value); /* RUN NULL: of no run */

/* updates_measure - visits the finished runs of W as V says, and stores what SEE put into T as SET,
 * which TABLE shows; T is empty after. A method of W without any such run is named. Errors: those of
 * study_runs_done and updates_visit; FAIL_RUN when no run changed a matrix; FAIL_STORE. */
int updates_measure(struct store *s, const struct study_want *w, const struct visit *v,
                    struct numbers *t, const struct analysis_set *set, const char *table);
#endif
