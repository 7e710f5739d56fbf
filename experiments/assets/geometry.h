/* geometry.h - the shapes of models: published ones by name, without weights, and those of models
 * that are here. For measurements and for counting parameters. */
#ifndef GEOMETRY_H
#define GEOMETRY_H

#include "core/nn/model.h"
#include "experiments/assets/session.h"

struct geometry {
    const char *name, *source;
    struct dims d;
};
extern const struct geometry geometry_table[]; /* ends with a NULL name */

/* geometry_find - the published geometry of this name, or NULL. */
const struct geometry *geometry_find(const char *name);

/* geometry_dims - the shapes of a published geometry, else of a fetched model or a model folder.
 * *POOLER (or NULL): does it have BERT's pooler? Strings of *D are not the caller's. Errors:
 * FAIL_USAGE: NAME is none of these; FAIL_INPUT: a folder that cannot be read. */
int geometry_dims(struct dims *d, bool *pooler, struct session *s, const char *name);
#endif
