/* peft_config.h - private to core/peft: adapter_config.json. Layer 2. */
#ifndef PEFT_CONFIG_H
#define PEFT_CONFIG_H

#include "core/adapt/adapt.h"
#include "core/adapt/ranks.h"

#include <jansson.h>

/* peft_flags - the variants of LoRA that adapter_config.json has a key for, of a method. Methods
 * with the same flags can read each other's folders. -1: PEFT has no format for the method.
 * peft_set_flags - set these keys. */
enum { PEFT_RSLORA = 1, PEFT_DORA = 2 };
int peft_flags(const struct adapt *a);
void peft_set_flags(json_t *config, int flags);

/* peft_read_all - peft_read_config, and the rank and alpha of the pooler (r 0: not adapted). */
int peft_read_all(struct lora_cfg *cfg, struct rank *pooler, int *n_labels, const char *dir,
                  const struct dims *d);
#endif
