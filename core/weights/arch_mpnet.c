/* arch_mpnet.c - MPNet: RoBERTa's positions and head, no token types, and one bias of the attention
 * scores by relative position, which all layers share (ops.h: relative_fwd). block.c computes its
 * block. A pooler is ignored as in RoBERTa. */
#include "core/weights/arch_impl.h"

static const struct spec before[] = {
    { "embeddings.word_embeddings.weight", ROLE_WORD, SIZE_VOCAB, SIZE_D },
    { "embeddings.position_embeddings.weight", ROLE_POS, SIZE_POS, SIZE_D },
    { "embeddings.LayerNorm.weight", ROLE_EMB_G, SIZE_1, SIZE_D },
    { "embeddings.LayerNorm.bias", ROLE_EMB_B, SIZE_1, SIZE_D },
    { NULL, ROLE_OTHER, SIZE_1, SIZE_1 },
};

static const struct spec block[] = {
    { "attention.attn.q.weight", ROLE_W + PROJ_Q, SIZE_D, SIZE_D },
    { "attention.attn.q.bias", ROLE_B + PROJ_Q, SIZE_1, SIZE_D },
    { "attention.attn.k.weight", ROLE_W + PROJ_K, SIZE_D, SIZE_D },
    { "attention.attn.k.bias", ROLE_B + PROJ_K, SIZE_1, SIZE_D },
    { "attention.attn.v.weight", ROLE_W + PROJ_V, SIZE_D, SIZE_D },
    { "attention.attn.v.bias", ROLE_B + PROJ_V, SIZE_1, SIZE_D },
    { "attention.attn.o.weight", ROLE_W + PROJ_O, SIZE_D, SIZE_D },
    { "attention.attn.o.bias", ROLE_B + PROJ_O, SIZE_1, SIZE_D },
    { "attention.LayerNorm.weight", ROLE_NORM1_G, SIZE_1, SIZE_D },
    { "attention.LayerNorm.bias", ROLE_NORM1_B, SIZE_1, SIZE_D },
    { "intermediate.dense.weight", ROLE_W + PROJ_UP, SIZE_FFN, SIZE_D },
    { "intermediate.dense.bias", ROLE_B + PROJ_UP, SIZE_1, SIZE_FFN },
    { "output.dense.weight", ROLE_W + PROJ_DOWN, SIZE_D, SIZE_FFN },
    { "output.dense.bias", ROLE_B + PROJ_DOWN, SIZE_1, SIZE_D },
    { "output.LayerNorm.weight", ROLE_NORM2_G, SIZE_1, SIZE_D },
    { "output.LayerNorm.bias", ROLE_NORM2_B, SIZE_1, SIZE_D },
    { NULL, ROLE_OTHER, SIZE_1, SIZE_1 },
};

static const struct spec after[] = {
    { "encoder.relative_attention_bias.weight", ROLE_REL_BIAS, SIZE_BUCKETS, SIZE_HEADS },
    { NULL, ROLE_OTHER, SIZE_1, SIZE_1 },
};

static const struct setting settings[] = {
    ENCODER_SETTINGS(1),
    { "relative_attention_num_buckets", SET_WHOLE, DIMS_AT(rel_buckets), 1, 65536, 32 },
    { .key = NULL },
};

/* transformers computes 32 buckets whatever the size of the table. */
static const struct fixed fixed[] = { { "relative_attention_num_buckets", "32" }, { NULL, NULL } };

static const char *const ignored[] = { "position_ids", "pooler.dense.weight", "pooler.dense.bias",
                                       NULL };

static const struct arch_impl impl = {
    .before = before,
    .block = block,
    .after = after,
    .block_prefix = "encoder.layer.",
    .settings = settings,
    .fixed = fixed,
    .act_key = "hidden_act",
    .act = ACT_GELU,
    .pos_after_pad = true,
    .ignored = ignored,
};

const struct arch arch_mpnet = {
    .name = "mpnet",
    .source = "Song et al. 2020; tensor names of transformers",
    .class = "MPNet",
    .prefix = "mpnet.",
    .head = &arch_head_dense,
    .impl = &impl,
};
