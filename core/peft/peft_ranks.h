/* peft_ranks.h - private to core/peft: which modules a configuration of PEFT adapts, each with its
 * rank and alpha. Layer 2.
 *
 * As in PEFT 0.21 (tuners_utils.py: check_target_module_exists, _maybe_include_all_linear_layers;
 * utils/other.py: get_pattern_key). A module is adapted when
 *
 *   - exclude_modules does not name it: a list of names or ends of names, or a regular expression
 *   - modules_to_save does not name it or a module around it
 *   - target_modules names it: a list, a regular expression, or "all-linear", which is every linear
 *     layer, also that of the pooler, without the classifier of a SEQ_CLS adapter
 *   - layers_to_transform has its layer, unless target_modules has its whole name
 *
 * Its rank and alpha are those of the first key of rank_pattern and alpha_pattern that matches the
 * end of its name as a regular expression, otherwise r and lora_alpha. */
#ifndef PEFT_RANKS_H
#define PEFT_RANKS_H

#include "core/adapt/ranks.h"

#include <jansson.h>

/* peft_ranks_read - set targets, layers and the patterns of CFG, whose rank and alpha are r and
 * lora_alpha, from CONFIG; *POOLER becomes what the pooler has, its r 0 where it is not adapted.
 * BARE: the adapter belongs to a model without a head. FILE is for messages. CFG is unchanged on
 * failure. Errors: FAIL_INPUT, also for a module that no method adapts. */
int peft_ranks_read(struct lora_cfg *cfg, struct rank *pooler, const json_t *config,
                    const struct dims *d, bool bare, const char *file);

/* peft_names_read - the same for a list of names without a configuration. */
int peft_names_read(struct lora_cfg *cfg, json_t *names, const struct dims *d, const char *file);
#endif
