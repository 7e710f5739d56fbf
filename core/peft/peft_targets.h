/* peft_targets.h - PEFT's ways of naming the matrices that it adapts. Layer 2. */
#ifndef PEFT_TARGETS_H
#define PEFT_TARGETS_H

#include "core/weights/dims.h"

#include <jansson.h>

/* peft_targets_write - TARGETS, "q,v", as target_modules for a model of these dims: a sorted list
 * of names that are as short as they can be without matching another matrix, or a regular
 * expression where no name does that (down without o). The caller owns the result. */
json_t *peft_targets_write(const char *targets, const struct dims *d);
#endif
