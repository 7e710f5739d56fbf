/* stored.h - how a checkpoint holds a parameter. Layer 2.
 *
 * Most tensors are stored as they are here. GPT-2's linear maps are stored transposed, [in, out],
 * and its c_attn holds q, k and v side by side. */
#ifndef STORED_H
#define STORED_H

#include "core/weights/arch.h"
#include "core/weights/param.h"

/* stored_name - the name of the tensor that holds P, without the architecture's prefix; the caller
 * frees it. stored_shape - the tensor's shape; returns how many dimensions it has. stored_as_is -
 * is the tensor P itself, of the same name and layout? */
char *stored_name(const struct arch *a, const struct param *p);
int stored_shape(const struct arch *a, const struct param *p, size_t shape[3]);
bool stored_as_is(const struct arch *a, const struct param *p);

/* stored_put - copy X, which is laid out as P, to its place in TENSOR, which is laid out as the
 * checkpoint's. stored_get - the reverse. stored_view - let a matrix P use its values where they
 * are in TENSOR, which must outlive it; does nothing when their layout does not allow that. */
void stored_put(real *tensor, const struct arch *a, const struct param *p, const real *x);
void stored_get(real *x, const struct arch *a, const struct param *p, const real *tensor);
void stored_view(struct param *p, const struct arch *a, const real *tensor);

/* stored_module - the name of the module that holds a projection in a checkpoint,
 * "h.0.attn.c_attn"; the caller frees it. stored_together - are q, k and v one tensor there?
 * stored_transposed - are the linear maps stored as [in, out]? */
char *stored_module(const struct arch *a, int layer, enum proj p);
bool stored_together(const struct arch *a);
bool stored_transposed(const struct arch *a);

/* stored_transpose - TO[j * to_ld + i] = FROM[i * from_ld + j] for all i < ROWS, j < COLS. */
void stored_transpose(real *to, size_t to_ld, const real *from, size_t from_ld, int rows, int cols);
#endif
