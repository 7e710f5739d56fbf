/* arch_impl.h - private to core/weights and core/nn: the tables that make up an architecture. */
#ifndef ARCH_IMPL_H
#define ARCH_IMPL_H

#include "core/weights/arch.h"
#include "core/weights/dims.h"
#include "core/weights/param.h"

/* One tensor. A model may lack it, which its role decides. Tables end with name NULL. */
enum size {
    SIZE_1,
    SIZE_D,
    SIZE_Q,
    SIZE_KV,
    SIZE_FFN,
    SIZE_VOCAB,
    SIZE_POS,
    SIZE_TYPES,
    SIZE_BUCKETS,
    SIZE_HEADS,
    SIZE_REL,
    SIZE_CONV,
    N_SIZE
};
struct spec {
    const char *name; /* inside a block without the block's prefix */
    enum role role;
    enum size rows, cols; /* rows SIZE_1: a vector */
};

/* A tensor that checkpoints hold in another form: as one of PARTS side by side in a tensor of
 * another name (columns of a matrix, values of a vector), or transposed, as [in, out]. Tables end
 * with parts 0. */
struct storage {
    enum role role;
    const char *name; /* inside a block; NULL: the tensor's own */
    int part, parts;
    bool transposed;
};

/* A number in config.json: the field of struct dims that it fills, its range, and the value that
 * transformers uses when the key is absent. DEF below MIN: the key is required; DEF NAN: the field
 * stays 0. Tables end with key NULL. */
struct setting {
    const char *key;
    enum {
        SET_WHOLE,
        SET_NUMBER,
        SET_TIED
    } kind; /* SET_TIED: a boolean; the field is its
                                                      opposite */
    size_t at;
    double min, max, def;
};
#define DIMS_AT(f) offsetof(struct dims, f)

/* What the configurations of all encoders have in common. PAD: the id of padding. */
#define ENCODER_SETTINGS(pad)                                                                      \
    { "num_hidden_layers", SET_WHOLE, DIMS_AT(n_layers), 1, 1000, -1 },                            \
        { "hidden_size", SET_WHOLE, DIMS_AT(d_model), 1, 65536, -1 },                              \
        { "num_attention_heads", SET_WHOLE, DIMS_AT(n_heads), 1, 65536, -1 },                      \
        { "intermediate_size", SET_WHOLE, DIMS_AT(d_ffn), 1, 1048576, -1 },                        \
        { "vocab_size", SET_WHOLE, DIMS_AT(vocab), 1, 16777216, -1 },                              \
        { "max_position_embeddings", SET_WHOLE, DIMS_AT(max_pos), 1, 1048576, -1 },                \
        { "pad_token_id", SET_WHOLE, DIMS_AT(pad_id), 0, 16777215, pad },                          \
        { "layer_norm_eps", SET_NUMBER, DIMS_AT(ln_eps), 0, 1, 1e-12 },                            \
        { "initializer_range", SET_NUMBER, DIMS_AT(init_range), 0, 100, 0.02 },                    \
        { "hidden_dropout_prob", SET_NUMBER, DIMS_AT(hidden_dropout), 0, 0.99, 0.1 },              \
    {                                                                                              \
        "attention_probs_dropout_prob", SET_NUMBER, DIMS_AT(attn_dropout), 0, 0.99, 0.1            \
    }

/* A key of config.json that must have this value (as JSON) unless it is absent or null, because
 * nothing else is computed here. Tables end with key NULL. */
struct fixed {
    const char *key, *json;
};

/* The name of a parameter in GGUF files, inside a block without "blk.N."; ROTARY: see
 * gguf_model_heads. Tables end with name NULL. */
struct gguf_name {
    enum role role;
    const char *name;
    bool rotary;
};

/* BERT's embeddings and block, whose names RoBERTa has, too. */
extern const struct spec arch_bert_before[], arch_bert_block[];

struct config; /* core/weights/config.h */

struct arch_impl {
    const struct spec *before, *block, *after; /* embeddings; one block; the rest */
    const char *block_prefix;                  /* "encoder.layer." */
    const struct storage *storage;             /* NULL: every tensor is stored as it is */
    const struct setting *settings;
    const struct fixed *fixed;
    const char *act_key; /* "hidden_act" */
    enum act act;        /* when that key is absent */
    bool pos_after_pad;  /* dims.pos_offset is the id of padding plus 1 */
    bool gated;          /* dims.gated */
    double rope_theta; /* rotary positions: their base when config.json does not have it; 0: none */
    const char *dropout_key; /* of the classifier's dropout; NULL: "classifier_dropout" */
    /* Reads what the tables do not describe; NULL: nothing. Errors: FAIL_INPUT. */
    int (*read)(struct dims *d, const struct config *c);
    const char *same[2]; /* two keys that are one setting here; NULL: none */
    /* Ends of the names of tensors that are not weights, in any checkpoint; NULL-terminated. */
    const char *const *ignored;
    const struct gguf_name *gguf; /* NULL: it is not read from GGUF files */
};
#endif
