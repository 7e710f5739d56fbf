/* hooks.h - private to core/nn: calling the hooks of a method in a block. */
#ifndef HOOKS_H
#define HOOKS_H

#include "core/nn/linear.h"

/* hooks_proj_fwd - proj_fwd of a group that the method uses, for the rows B. hooks_tap_fwd,
 * hooks_tap_bwd - tap_fwd and tap_bwd, if there is a hook at P. */
void hooks_proj_fwd(const struct ctx *c, enum group g, const struct batch *b, struct mat y,
                    struct mat x);
void hooks_tap_fwd(const struct ctx *c, enum place p, struct mat h, struct mat res);
void hooks_tap_bwd(const struct ctx *c, enum place p, struct mat dh, struct mat dres);
#endif
