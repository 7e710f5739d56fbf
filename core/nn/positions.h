/* positions.h - private to core/nn: relative positions, from their tables to what attention reads
 * and back (attn_positions in core/math/ops.h): MPNet's bias, and the positions of disentangled
 * attention.
 *
 * Of the latter, a pass uses those rows of the table [2 span, d] that distances below the length of
 * its longest sequence need, R in all. Without projections of their own, positions go through those
 * of queries and keys: the R rows lie behind the T tokens in what q, k, and v read, so that
 * whatever a method does to these projections it does to positions, too, as in transformers. */
#ifndef POSITIONS_H
#define POSITIONS_H

#include "core/nn/acts.h"

/* positions_buckets - for each distance from 0 to max_pos - 1 how far its row is from the middle
 * of the table: the distance itself up to half the number of buckets, and logarithmic beyond
 * (make_log_bucket_position of transformers). The caller frees it; NULL without a table.
 * positions_rows - R for sequences of up to LEN tokens; 0 without a table, or when no term reads
 * it. *FIRST, unless it is NULL, becomes the first of these rows. */
int *positions_buckets(const struct dims *d);
int positions_rows(const struct model *m, int len, int *first);

/* positions_fwd - the biases, or the rows of a pass over B, normalized, and the row of each
 * distance, into the acts. positions_bwd - to the gradients of the tables and of the LayerNorm. */
void positions_fwd(const struct model *m, struct workspace *ws, const struct batch *b);
void positions_bwd(const struct model *m, struct workspace *ws);

/* positions_put - X [R, d] becomes the rows as LAYER reads them, after its dropout. positions_take
 * - from DX, the gradient of X, to the acts' drel. */
void positions_put(const struct model *m, struct workspace *ws, int layer, struct mat x);
void positions_take(const struct model *m, struct workspace *ws, int layer, struct mat dx);

/* positions_project - positions as keys and queries of LAYER, by their own projections, into its
 * acts. positions_project_bwd - from the gradients in the acts' dpos. Both do nothing when
 * positions have no projections of their own. */
void positions_project(const struct model *m, struct workspace *ws, int layer);
void positions_project_bwd(const struct model *m, struct workspace *ws, int layer);

/* positions_terms - what attention reads of the positions in LAYER; NULL: nothing. With DQKV
 * [T + R, ..] or dpos, also where their gradients are added, which become 0 first, if anything
 * needs them. Belongs to WS and is valid until the next call. */
const struct attn_positions *positions_terms(const struct model *m, struct workspace *ws, int layer,
                                             struct mat dqkv);
#endif
