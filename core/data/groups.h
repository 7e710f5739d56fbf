/* groups.h - the inputs of a generation split, each with all of its references. Layer 3. */
#ifndef GROUPS_H
#define GROUPS_H

#include "core/data/dataset.h"

/* Input i has the examples example[from[i]..from[i + 1]), in the order of the file; all have the
 * same prompt. */
struct groups {
    int n;
    int *from, *example;
};
/* groups_init - the inputs of D in the order of their first rows; with MOST > 0 at most so many,
 * drawn with SEED, where fewer are a part of more. groups_free - of a zeroed struct: nothing. */
void groups_init(struct groups *g, const struct dataset *d, long most, uint64_t seed);
void groups_free(struct groups *g);
#endif
