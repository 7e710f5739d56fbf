/* start_model.h - a GPT-2 model before training, and the folder of one. */
#ifndef START_MODEL_H
#define START_MODEL_H

#include "core/nn/model.h"

struct model_shape {
    long layers, width, heads, context, vocab;
    double dropout;
};

/* start_model_config - write config.json of a GPT-2 model into the folder DIR. Errors:
 * FAIL_STORE. */
int start_model_config(const struct model_shape *s, const char *dir);

/* start_model_base - the model of the config.json in DIR, with the initial values of transformers:
 * weights and both tables N(0, 0.02), those of the matrices that add to the residual stream divided
 * by sqrt(2 layers) (Radford et al. 2019), biases 0, gains 1. They are drawn with SEED. Errors:
 * FAIL_INPUT, FAIL_MEMORY. */
int start_model_base(struct base_model *b, const char *dir, uint64_t seed);

/* start_model_write - the values of M as model.safetensors in DIR. Errors: FAIL_STORE. */
int start_model_write(const struct model *m, const char *dir);
#endif
