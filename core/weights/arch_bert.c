/* arch_bert.c - BERT's tensors, under the names that transformers gives them. block.c computes its
 * block. */
#include "core/weights/arch_impl.h"

const struct spec arch_bert_before[] = {
    { "embeddings.word_embeddings.weight", ROLE_WORD, SIZE_VOCAB, SIZE_D },
    { "embeddings.position_embeddings.weight", ROLE_POS, SIZE_POS, SIZE_D },
    { "embeddings.token_type_embeddings.weight", ROLE_TYPE, SIZE_TYPES, SIZE_D },
    { "embeddings.LayerNorm.weight", ROLE_EMB_G, SIZE_1, SIZE_D },
    { "embeddings.LayerNorm.bias", ROLE_EMB_B, SIZE_1, SIZE_D },
    { NULL, ROLE_OTHER, SIZE_1, SIZE_1 },
};

const struct spec arch_bert_block[] = {
    { "attention.self.query.weight", ROLE_W + PROJ_Q, SIZE_D, SIZE_D },
    { "attention.self.query.bias", ROLE_B + PROJ_Q, SIZE_1, SIZE_D },
    { "attention.self.key.weight", ROLE_W + PROJ_K, SIZE_D, SIZE_D },
    { "attention.self.key.bias", ROLE_B + PROJ_K, SIZE_1, SIZE_D },
    { "attention.self.value.weight", ROLE_W + PROJ_V, SIZE_D, SIZE_D },
    { "attention.self.value.bias", ROLE_B + PROJ_V, SIZE_1, SIZE_D },
    { "attention.output.dense.weight", ROLE_W + PROJ_O, SIZE_D, SIZE_D },
    { "attention.output.dense.bias", ROLE_B + PROJ_O, SIZE_1, SIZE_D },
    { "attention.output.LayerNorm.weight", ROLE_NORM1_G, SIZE_1, SIZE_D },
    { "attention.output.LayerNorm.bias", ROLE_NORM1_B, SIZE_1, SIZE_D },
    { "intermediate.dense.weight", ROLE_W + PROJ_UP, SIZE_FFN, SIZE_D },
    { "intermediate.dense.bias", ROLE_B + PROJ_UP, SIZE_1, SIZE_FFN },
    { "output.dense.weight", ROLE_W + PROJ_DOWN, SIZE_D, SIZE_FFN },
    { "output.dense.bias", ROLE_B + PROJ_DOWN, SIZE_1, SIZE_D },
    { "output.LayerNorm.weight", ROLE_NORM2_G, SIZE_1, SIZE_D },
    { "output.LayerNorm.bias", ROLE_NORM2_B, SIZE_1, SIZE_D },
    { NULL, ROLE_OTHER, SIZE_1, SIZE_1 },
};

static const struct spec after[] = {
    { "pooler.dense.weight", ROLE_POOL_W, SIZE_D, SIZE_D },
    { "pooler.dense.bias", ROLE_POOL_B, SIZE_1, SIZE_D },
    { NULL, ROLE_OTHER, SIZE_1, SIZE_1 },
};

static const struct setting settings[] = {
    ENCODER_SETTINGS(0),
    { "type_vocab_size", SET_WHOLE, DIMS_AT(n_types), 1, 65536, 2 },
    { .key = NULL },
};

static const struct fixed fixed[] = {
    { "position_embedding_type", "\"absolute\"" },
    { "is_decoder", "false" },
    { "add_cross_attention", "false" },
    { NULL, NULL },
};

static const char *const ignored[] = { "position_ids", "token_type_ids", NULL };

static const struct arch_impl impl = {
    .before = arch_bert_before,
    .block = arch_bert_block,
    .after = after,
    .block_prefix = "encoder.layer.",
    .settings = settings,
    .fixed = fixed,
    .act_key = "hidden_act",
    .act = ACT_GELU,
    .ignored = ignored,
};

const struct arch arch_bert = {
    .name = "bert",
    .source = "Devlin et al. 2019; tensor names of transformers",
    .class = "Bert",
    .prefix = "bert.",
    .head = &arch_head_linear,
    .impl = &impl,
};
