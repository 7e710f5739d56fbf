/* proj.h - the six weight matrices of a transformer block that a method can adapt, and the four
 * inputs that they multiply. Layer 2. */
#ifndef PROJ_H
#define PROJ_H

struct dims; /* core/weights/dims.h */

/* The projections of a block: queries, keys, values and the output of attention, then the up and
 * the down projection of the MLP. */
enum proj { PROJ_Q, PROJ_K, PROJ_V, PROJ_O, PROJ_UP, PROJ_DOWN, N_PROJ };
extern const char *const proj_names[N_PROJ + 1]; /* "q", "k", "v", "o", "up", "down", NULL */

/* Projections that read the same input form a group. Their outputs lie side by side, so that one
 * product computes them all: GROUP_QKV has three projections, each of the other groups has one. */
enum group { GROUP_QKV, GROUP_O, GROUP_UP, GROUP_DOWN, N_GROUP };

/* proj_shape - the shape [*OUT, *IN] of a projection's matrix. */
void proj_shape(const struct dims *d, enum proj p, int *out, int *in);

/* proj_group - the group that a projection belongs to. */
static inline enum group proj_group(enum proj p)
{
    return p < PROJ_O ? GROUP_QKV : (enum group)(p - 2);
}

/* group_first - the first projection of a group; the others follow it in enum proj. group_count -
 * how many there are. group_shape - columns of the group's output, and of its input. */
static inline int group_first(enum group g)
{
    return g == GROUP_QKV ? PROJ_Q : (int)g + 2;
}
static inline int group_count(enum group g)
{
    return g == GROUP_QKV ? 3 : 1;
}
void group_shape(const struct dims *d, enum group g, int *out, int *in);
#endif
