/* loaded_model.h - a model's weights and tokenizer in memory. */
#ifndef LOADED_MODEL_H
#define LOADED_MODEL_H

#include "core/text/tok.h"
#include "experiments/assets/model_facts.h"

struct loaded_model {
    const struct model_facts *facts;
    struct base_model base;
    struct tok *tok;
    char tok_sha256[65]; /* of tok_path */
};
/* loaded_model - the model with these facts; the session owns it, so that runs share it. Errors:
 * NULL after FAIL_INPUT, FAIL_MEMORY. */
struct loaded_model *loaded_model(struct session *s, const struct model_facts *facts);
#endif
