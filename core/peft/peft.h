/* peft.h - adapter folders: adapter_config.json and adapter_model.safetensors (when reading also
 * adapter_model.bin) as the PEFT library has them for LoRA, rsLoRA and DoRA; the same idea with
 * lowrank_adapter.json for other methods. Layer 2.
 *
 * Folders hold the classifier, too, and say in lowrank_adapter.json what it reads
 * (adapter_record.h); PEFT ignores that file. */
#ifndef PEFT_H
#define PEFT_H

#include "core/adapt/adapt.h"
#include "core/adapt/lora.h"
#include "core/weights/dims.h"
#include "core/nn/model.h"
#include "core/peft/adapter_record.h"

/* peft_save - write the trained tensors of M and the options CFG of its method to DIR, with
 * BASE_NAME as the name of the base model (may be NULL) and the facts of TASK (may be NULL). The
 * classifier's weight is written times the head's pool_scale. Where PEFT knows only one matrix
 * (c_attn), the pairs of q, k and v are written as one pair: A stacked, B in blocks. That is the
 * same function with the sum of the ranks, and is read as the target qkv. Errors: FAIL_STORE;
 * FAIL_RUN when a value is not finite. */
int peft_save(const struct model *m, const void *cfg, const char *dir, const char *base_name,
              const struct adapter_task *task);

/* peft_method - the method of a folder of PEFT's: lora, rslora, dora or rsdora, whose options are
 * all a struct lora_cfg. NULL: FAIL_INPUT. */
const struct adapt *peft_method(const char *dir);

/* peft_has_task_head - does the folder of PEFT's DIR adapt a model with a classifier, of its own or
 * of the base model? 0: it adapts an encoder for its hidden states (FEATURE_EXTRACTION). Errors: -1
 * after FAIL_INPUT, also for models with another head (TOKEN_CLS, QUESTION_ANS). */
int peft_has_task_head(const char *dir);

/* peft_read_config - fill CFG from DIR/adapter_config.json, targets, layers and patterns in our
 * names (core/peft/peft_ranks.h has the rules); for lora_cfg_free. *N_LABELS becomes the rows of
 * the classifier in the folder, 0 without one. Errors: FAIL_INPUT, also for settings that change
 * what is computed and that are not supported. */
int peft_read_config(struct lora_cfg *cfg, int *n_labels, const char *dir, const struct dims *d);

/* peft_load - read a folder's tensors into M, a model of the same method with the folder's options.
 * In a folder with a record, the classifier's weight is divided by the pool_scale of M, so that the
 * logits are the same whatever that is; a folder without one is read as it is. What a folder of
 * PEFT's changes in the pooler is added to M's own copy of it.
 * peft_begin - the same without the classifier, which is of no use to another task: training starts
 * from the folder's adapter (Hu et al. 2021, sec. 5.2: MRPC, RTE and STS-B from the MNLI adapter).
 * M is unchanged on failure. Errors: FAIL_INPUT, with the tensor that is missing, unexpected or of
 * the wrong shape. */
int peft_load(struct model *m, const char *dir);
int peft_begin(struct model *m, const char *dir);

/* peft_fits - may training start from the folder with peft_begin? 0, or -1 after the same errors,
 * and for a folder that changes the pooler, which a trained adapter could not keep. M may be an
 * outline. */
int peft_fits(const struct model *m, const char *dir);
#endif
