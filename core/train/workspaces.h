/* workspaces.h - one workspace per thread, for training and evaluation. Layer 3. */
#ifndef WORKSPACES_H
#define WORKSPACES_H

#include "core/nn/model.h"

/* A workspace is made when its thread first needs it. The gradient vector that it points to is not
 * its own: a thread sets it for each piece of work. */
struct workspaces {
    const struct model *model;
    struct workspace *ws; /* [n] */
    bool *ready;          /* [n] ws[i] was made */
    int n;                /* threads */
};
void workspaces_init(struct workspaces *spaces, const struct model *m, int threads);
void workspaces_free(struct workspaces *spaces);

/* workspaces_get - the workspace of this thread, with its gradient set to GRAD (NULL: no backward
 * pass). Call it from that thread. Errors: NULL after FAIL_MEMORY. */
struct workspace *workspaces_get(struct workspaces *spaces, int thread, real *grad);
#endif
