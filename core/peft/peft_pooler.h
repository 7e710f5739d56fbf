/* peft_pooler.h - private to core/peft: the pooler of an adapter folder of PEFT's, which
 * "all-linear" and modules_to_save may include. No method here trains it, so that its update is
 * added to the model's own copy. Layer 2. */
#ifndef PEFT_POOLER_H
#define PEFT_POOLER_H

#include "core/format/weights.h"
#include "core/nn/model.h"

/* peft_pooler_has - is this a tensor of the pooler? */
bool peft_pooler_has(const char *key);

/* peft_pooler_read - *VALUES becomes the weight [d, d] and the bias [d] of the pooler with the
 * update of the folder DIR, whose tensors are S, for model_set_pooler; NULL when
 * the folder does not change the pooler. Errors: FAIL_INPUT. */
int peft_pooler_read(real **values, const struct model *m, const struct weights *s,
                     const char *dir);
#endif
