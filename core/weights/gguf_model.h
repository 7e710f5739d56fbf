/* gguf_model.h - a model in a GGUF file: its settings as config.json would have them, and where its
 * parameters are. Layer 2. */
#ifndef GGUF_MODEL_H
#define GGUF_MODEL_H

#include "core/format/json.h"
#include "core/weights/arch.h"
#include "core/weights/dims.h"
#include "core/weights/param.h"

/* gguf_model_config - what the keys of the file PATH say, under the names that transformers gives
 * the settings; the caller releases it. Keys of the architecture that are not known here are
 * refused, because they may change what the model computes. An output layer is untied if the file
 * has output.weight. Errors: NULL after FAIL_INPUT, with the file and the key.
 * gguf_model_key - the key in a GGUF file, without the architecture, of a setting of config.json
 * ("block_count" of "num_hidden_layers"); NULL when there is none. */
json_t *gguf_model_config(const char *path);
const char *gguf_model_key(const char *setting);

/* gguf_model_tensor - the name in a GGUF file of the tensor that holds P, which the caller frees.
 * gguf_model_heads - with rotary positions, llama.cpp turns neighboring values of a head and
 * transformers values that are half a head apart; the rows of such a matrix are stored in another
 * order. How many heads of D these rows are; 0: they are in the order of transformers. */
char *gguf_model_tensor(const struct arch *a, const struct param *p);
int gguf_model_heads(const struct arch *a, const struct param *p, const struct dims *d);
#endif
