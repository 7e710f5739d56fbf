/* expected.c - a file of results that another implementation wrote. */
#include "core/parity/expected.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int expected_open(struct expected *e, const char *path, const char *label)
{
    *e = (struct expected){ .label = label };
    if (st_open(&e->st, path) != 0)
        return -1;
    e->done = xalloc((size_t)e->st.n, sizeof *e->done);
    return 0;
}

void expected_close(struct expected *e)
{
    st_close(&e->st);
    free(e->done);
    *e = (struct expected){ 0 };
}

const struct st_tensor *expected_take(struct expected *e, const char *name)
{
    const struct st_tensor *t = st_find(&e->st, name);

    if (t)
        e->done[t - e->st.t] = true;
    return t;
}

bool expected_has(const struct expected *e, const char *prefix)
{
    for (int i = 0; i < e->st.n; i++)
        if (strncmp(e->st.t[i].name, prefix, strlen(prefix)) == 0)
            return true;
    return false;
}

double expected_largest(const struct expected *e, const char *prefix)
{
    double most = 0;

    for (int i = 0; i < e->st.n; i++) {
        const struct st_tensor *t = &e->st.t[i];
        if (strncmp(t->name, prefix, strlen(prefix)) != 0 || t->dtype < ST_F16)
            continue;
        double *x = xalloc(t->count, sizeof *x);
        if (st_doubles(x, t, t->count) == 0)
            for (size_t k = 0; k < t->count; k++)
                if (isfinite(x[k]) && fabs(x[k]) > most)
                    most = fabs(x[k]);
        free(x);
    }
    return most;
}
