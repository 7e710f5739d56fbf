/* combine.h - private to combine.c and combine_hooks.c: a list of methods as one method. */
#ifndef COMBINE_H
#define COMBINE_H

#include "core/adapt/adapt.h"

enum { MAX_PARTS = 8 };

struct combined {
    struct adapt a; /* first: m->adapt points to it */
    char *asked;    /* the list as it was last written, which messages repeat */
    int n;
    const struct adapt *part[MAX_PARTS];
    size_t at[MAX_PARTS]; /* of the part's settings in those of all */
    struct combined *next;
};
struct state {
    void *part[MAX_PARTS]; /* the methods' own */
};
static inline const struct combined *combine_of(const struct model *m)
{
    return (const struct combined *)(const void *)m->adapt;
}

/* combine_view - the model as part I sees it. combine_uses - part I has a hook at that input. */
struct model combine_view(const struct model *m, int i);
bool combine_uses(const struct model *m, int i, int layer, enum group g);
/* combine_hooks - the hooks of the list: where any part has one. */
void combine_hooks(struct combined *c);
#endif
