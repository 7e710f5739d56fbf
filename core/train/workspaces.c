/* workspaces.c - one workspace per thread. */
#include "core/train/workspaces.h"

#include <stdlib.h>

void workspaces_init(struct workspaces *spaces, const struct model *m, int threads)
{
    *spaces = (struct workspaces){ .model = m, .n = threads };
    spaces->ws = xalloc((size_t)threads, sizeof *spaces->ws);
    spaces->ready = xalloc((size_t)threads, sizeof *spaces->ready);
}

void workspaces_free(struct workspaces *spaces)
{
    for (int i = 0; i < spaces->n; i++) {
        if (!spaces->ready[i])
            continue;
        spaces->ws[i].grad = NULL; /* belongs to somebody else */
        workspace_free(&spaces->ws[i]);
    }
    free(spaces->ws);
    free(spaces->ready);
    *spaces = (struct workspaces){ 0 };
}

struct workspace *workspaces_get(struct workspaces *spaces, int thread, real *grad)
{
    static _Thread_local bool thread_ready;
    struct workspace *ws = &spaces->ws[thread];

    if (!thread_ready)
        math_thread_init();
    thread_ready = true;
    if (!spaces->ready[thread]) {
        if (workspace_init(ws, spaces->model, false) != 0)
            return NULL;
        spaces->ready[thread] = true;
    }
    ws->grad = grad;
    return ws;
}
