/* loralib.h - the files of Hu et al.'s own library loralib, such as the adapters that the authors
 * of LoRA released: a state dict with the names of transformers and ".lora_A", ".lora_B" after
 * those of the adapted matrices, and the classifier. Layer 2. */
#ifndef LORALIB_H
#define LORALIB_H

#include "core/base/base.h"

/* loralib_convert - write the adapter of FILE, whatever format its tensors are stored in, to the
 * folder DIR, which is created, as PEFT's adapter_config.json and adapter_model.safetensors, with a
 * record that its classifier reads the first token. The rank is that of the matrices, all of which
 * must have the same; the file does not hold ALPHA. Errors: FAIL_INPUT, with the tensor that has no
 * counterpart, a shape that does not fit, or a name that is neither of a pair nor of the
 * classifier; FAIL_USAGE when DIR has an adapter or a model already; FAIL_STORE. */
int loralib_convert(const char *file, const char *dir, double alpha);
#endif
