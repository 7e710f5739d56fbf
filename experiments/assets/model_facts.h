/* model_facts.h - what is known of a model before its weights are loaded. */
#ifndef MODEL_FACTS_H
#define MODEL_FACTS_H

#include "core/nn/model.h"
#include "experiments/assets/session.h"

struct model_facts {
    char *asked; /* the name or path that a recipe gave */
    char *name;  /* a name as given; of a path the folder's full path */
    char *dir;
    struct dims dims;
    bool has_pooler;
    bool is_mapped;      /* some matrices are used where their file is mapped */
    size_t copied_bytes; /* of the other tensors, which are converted into memory of their own */
    char weights[65], config[65], tokenizer[65]; /* SHA-256; of the weights: weights_key */
    struct weights_file {
        char *path, sha256[65];
    } * file; /* of the weights, in the order of weights_files */
    int n_files;
};
/* model_facts - of the model with this name or path, which HOME/models or its folder holds; the
 * session owns them. Errors: NULL after FAIL_INPUT. */
const struct model_facts *model_facts(struct session *s, const char *model);

/* model_facts_config - the file that has the settings of the model in the folder DIR: config.json,
 * or the GGUF file. The caller frees it. */
char *model_facts_config(const char *dir);

/* model_facts_check - if DIR is the folder that model NAME was fetched to, do its files have the
 * SHA-256 of the model's card? Errors: FAIL_INPUT, with both hashes. */
int model_facts_check(struct session *s, const char *name, const char *dir);
#endif
