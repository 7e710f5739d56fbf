/* arch_roberta.c - RoBERTa: BERT's tensors, positions that begin after the id of padding, one token
 * type, and a head of its own, which reads the first token, <s>. block.c computes its block.
 *
 * RobertaModel has a pooler, too, which classifiers do not use; it is ignored. */
#include "core/weights/arch_impl.h"

static const struct spec after[] = { { NULL, ROLE_OTHER, SIZE_1, SIZE_1 } };

static const struct setting settings[] = {
    ENCODER_SETTINGS(1),
    { "type_vocab_size", SET_WHOLE, DIMS_AT(n_types), 1, 65536, 2 },
    { .key = NULL },
};

static const struct fixed fixed[] = {
    { "position_embedding_type", "\"absolute\"" },
    { "is_decoder", "false" },
    { "add_cross_attention", "false" },
    { NULL, NULL },
};

static const char *const ignored[] = { "position_ids", "token_type_ids", "pooler.dense.weight",
                                       "pooler.dense.bias", NULL };

static const struct arch_impl impl = {
    .before = arch_bert_before,
    .block = arch_bert_block,
    .after = after,
    .block_prefix = "encoder.layer.",
    .settings = settings,
    .fixed = fixed,
    .act_key = "hidden_act",
    .act = ACT_GELU,
    .pos_after_pad = true,
    .ignored = ignored,
};

const struct arch arch_roberta = {
    .name = "roberta",
    .source = "Liu et al. 2019; tensor names of transformers",
    .class = "Roberta",
    .prefix = "roberta.",
    .head = &arch_head_dense,
    .impl = &impl,
};
