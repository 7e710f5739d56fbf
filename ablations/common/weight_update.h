/* weight_update.h - the update that a finished run made to one matrix of its base model, in
 * float64:
 *
 *     dW = s B A          for a LoRA run, s = alpha / r          Hu et al. 2021, section 4.1, eq. 3
 *                         (rslora: alpha / sqrt(r)), with the rank and alpha of that matrix
 *     dW = W_ft - W_0     for a run that trained W itself */
#ifndef WEIGHT_UPDATE_H
#define WEIGHT_UPDATE_H

#include "ablations/common/study_runs.h"
#include "ablations/common/weight.h"
#include "core/format/safetensors.h"

struct weight_update {
    const struct study_run *run;
    double scale; /* s; 1 for a run that trained W itself */
    int out, in;
    int r;      /* of a low-rank run; min(out, in) for a run that trained W itself */
    double *dw; /* [out,in]; owned */
    double *a;  /* [r,in], of a low-rank run, else NULL; owned */
    double *b;  /* [out,r], times s; likewise */
};

/* The adapter file of a run, open for reading. */
struct update_source {
    const struct study_run *run;
    const struct base_model *base;
    char *path;
    struct st_file file;
    bool open, low_rank, root; /* root: s = alpha / sqrt(r) */
    struct rank *ranks;        /* of a low-rank run, those of each matrix */
};

/* update_source_open - the file that R left in HOME; R and B must outlive it. On failure, too, it
 * is released by update_source_close, which does nothing for a zeroed struct. Errors: those of
 * adapter_path; FAIL_INPUT for a file or a configuration that cannot be read. */
int update_source_open(struct update_source *s, const char *home, const struct study_run *r,
                       const struct base_model *b);
void update_source_close(struct update_source *s);

/* weight_update_read - what the run changed in W. 1: it is in *u; 0: the run did not train this
 * matrix; -1: FAIL_INPUT for a tensor that does not fit the matrix. In every case
 * weight_update_free releases *u. */
int weight_update_read(struct weight_update *u, const struct update_source *s,
                       const struct weight *w);
void weight_update_free(struct weight_update *u);

/* weight_update_svd - the spectrum of dW; from the factors if there are any. Errors: FAIL_RUN and
 * FAIL_MEMORY from the SVD. */
int weight_update_svd(struct spectrum *s, const struct weight_update *u);
#endif
