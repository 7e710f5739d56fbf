/* geometries.h - published shapes of models, by name: for measurements and for counting, without
 * weights. */
#ifndef GEOMETRIES_H
#define GEOMETRIES_H

#include "core/nn/model.h"

struct published {
    const char *name, *source;
    const char *lacks; /* what the dims do not say of it and no count here has; NULL: nothing */
    struct dims d;     /* d.arch may be one that this build has no code for */
};
extern const struct published published[]; /* ends with a NULL name */

/* published_find - NULL: none of that name. */
const struct published *published_find(const char *name);

/* geometry_dims - the shapes of a published geometry, a fetched model or a folder, in this order.
 * *POOLER (or NULL): it has BERT's pooler. *LACKS (or NULL): as above. The texts of *D stay whose they
 * are. Errors: FAIL_USAGE: unknown, "did you mean"; FAIL_INPUT: a folder that cannot be read. */
int geometry_dims(struct dims *d, bool *pooler, const char **lacks, const char *name);
#endif
