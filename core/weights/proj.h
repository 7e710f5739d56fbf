/* proj.h - the weight matrices of a transformer block that a method can adapt, and the four inputs
 * that they multiply. Layer 2. */
#ifndef PROJ_H
#define PROJ_H

#include "core/weights/dims.h"

#include <stdint.h>

/* The projections of a block: queries, keys, values and the output of attention, then the up and
 * the down projection of the MLP, and the gate of a gated MLP (dims.gated), which the others do not
 * have. */
enum proj { PROJ_Q, PROJ_K, PROJ_V, PROJ_O, PROJ_UP, PROJ_DOWN, PROJ_GATE, N_PROJ };
extern const char *const proj_names[N_PROJ + 1]; /* "q", ..., "down", "gate", NULL */

/* Projections that read the same input form a group. Their outputs lie side by side, so that one
 * product computes them all: GROUP_QKV has q, k and v, GROUP_UP has up and, in a gated MLP, gate;
 * each of the others has one. Keys and values may be narrower than queries (dims.n_kv_heads). */
enum group { GROUP_QKV, GROUP_O, GROUP_UP, GROUP_DOWN, N_GROUP };

/* proj_shape - the shape [*OUT, *IN] of a projection's matrix. */
void proj_shape(const struct dims *d, enum proj p, int *out, int *in);

/* proj_group - the group that a projection belongs to. proj_exists - does a block of this shape
 * have it? proj_stream - a number below PROJ_STREAMS that no other projection of the model has, for
 * random streams. */
enum { PROJ_STREAMS = 4096 };
static inline enum group proj_group(enum proj p)
{
    return p < PROJ_O ? GROUP_QKV : p == PROJ_GATE ? GROUP_UP : (enum group)(p - 2);
}
static inline bool proj_exists(const struct dims *d, enum proj p)
{
    return p != PROJ_GATE || d->gated;
}
uint32_t proj_stream(int layer, enum proj p);

/* group_count - how many projections a group has. group_proj - its projection I. group_shape -
 * columns of the group's output, and of its input. */
static inline int group_count(const struct dims *d, enum group g)
{
    return g == GROUP_QKV ? 3 : g == GROUP_UP && d->gated ? 2 : 1;
}
static inline enum proj group_proj(enum group g, int i)
{
    return g == GROUP_QKV ? (enum proj)i : i > 0 ? PROJ_GATE : (enum proj)(g + 2);
}
void group_shape(const struct dims *d, enum group g, int *out, int *in);
#endif
