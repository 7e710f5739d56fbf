/* weight.h - a frozen matrix of a base model, in float64. */
#ifndef WEIGHT_H
#define WEIGHT_H

#include "ablations/common/spectrum.h"
#include "core/nn/model.h"

struct weight {
    const char *name; /* of the tensor; belongs to the base model */
    int layer;        /* from 0 */
    enum proj proj;
    int out, in;
    double *w;           /* [out,in]; owned */
    struct spectrum svd; /* its spectrum; zeroed unless it was asked for */
};

/* weight_read - the matrix of projection P in LAYER of B, with its spectrum if SVD. Errors:
 * FAIL_RUN and FAIL_MEMORY from the SVD. weight_free does nothing for a zeroed struct. */
int weight_read(struct weight *w, const struct base_model *b, int layer, enum proj p, bool svd);
void weight_free(struct weight *w);
#endif
