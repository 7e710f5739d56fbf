/* combine.h - private to core/adapt: several methods on one model as one method,
 * "lora+prefix-embed". */
#ifndef COMBINE_H
#define COMBINE_H

#include "core/adapt/adapt.h"

enum { MAX_PARTS = 8 };

struct combined {
    struct adapt a; /* first, because m->adapt points to it */
    char *asked;    /* the list as it was last written, for messages */
    int n;
    const struct adapt *part[MAX_PARTS];
    size_t at[MAX_PARTS]; /* offset of the part's options in the options of all */
    struct combined *next;
};
struct combined_state {
    void *part[MAX_PARTS]; /* the parts' adapt_state */
};

/* combine_make - the method that consists of N parts; it is never freed. combine_hooks - fill in
 * the hooks of its struct adapt. combine_list - A as such a method; NULL: it is a single one. */
struct combined *combine_make(const struct adapt *const *part, int n);
void combine_hooks(struct combined *c);
const struct combined *combine_list(const struct adapt *a);

/* combine_cfg - the options of part I in the options CFG of all. */
const void *combine_cfg(const struct combined *c, int i, const void *cfg);

/* combine_of - the method of M. combine_view - M as part I sees it: the only method. combine_uses -
 * does part I have a hook at that input? */
static inline const struct combined *combine_of(const struct model *m)
{
    return (const struct combined *)(const void *)m->adapt;
}
struct model combine_view(const struct model *m, int i);
bool combine_uses(const struct model *m, int i, int layer, enum group g);
#endif
