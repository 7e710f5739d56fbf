/* arch_llama.c - Llama's tensors, under the names that transformers and llama.cpp give them.
 * block.c computes its block. */
#include "core/weights/arch_impl.h"

#include <math.h>

static const struct spec before[] = {
    { "embed_tokens.weight", ROLE_WORD, SIZE_VOCAB, SIZE_D },
    { NULL, ROLE_OTHER, SIZE_1, SIZE_1 },
};

static const struct spec block[] = {
    { "self_attn.q_proj.weight", ROLE_W + PROJ_Q, SIZE_Q, SIZE_D },
    { "self_attn.k_proj.weight", ROLE_W + PROJ_K, SIZE_KV, SIZE_D },
    { "self_attn.v_proj.weight", ROLE_W + PROJ_V, SIZE_KV, SIZE_D },
    { "self_attn.o_proj.weight", ROLE_W + PROJ_O, SIZE_D, SIZE_Q },
    { "mlp.gate_proj.weight", ROLE_W + PROJ_GATE, SIZE_FFN, SIZE_D },
    { "mlp.up_proj.weight", ROLE_W + PROJ_UP, SIZE_FFN, SIZE_D },
    { "mlp.down_proj.weight", ROLE_W + PROJ_DOWN, SIZE_D, SIZE_FFN },
    { "input_layernorm.weight", ROLE_NORM1_G, SIZE_1, SIZE_D },
    { "post_attention_layernorm.weight", ROLE_NORM2_G, SIZE_1, SIZE_D },
    { NULL, ROLE_OTHER, SIZE_1, SIZE_1 },
};

static const struct spec after[] = {
    { "norm.weight", ROLE_FINAL_G, SIZE_1, SIZE_D },
    { "lm_head.weight", ROLE_LM_HEAD, SIZE_VOCAB, SIZE_D },
    { NULL, ROLE_OTHER, SIZE_1, SIZE_1 },
};

static const struct setting settings[] = {
    { "num_hidden_layers", SET_WHOLE, DIMS_AT(n_layers), 1, 500, 32 },
    { "hidden_size", SET_WHOLE, DIMS_AT(d_model), 1, 65536, 4096 },
    { "num_attention_heads", SET_WHOLE, DIMS_AT(n_heads), 1, 65536, 32 },
    { "num_key_value_heads", SET_WHOLE, DIMS_AT(n_kv_heads), 1, 65536, NAN },
    { "head_dim", SET_WHOLE, DIMS_AT(d_head), 1, 65536, NAN }, /* null: hidden_size / heads */
    { "intermediate_size", SET_WHOLE, DIMS_AT(d_ffn), 1, 1048576, 11008 },
    { "vocab_size", SET_WHOLE, DIMS_AT(vocab), 1, 16777216, 32000 },
    { "max_position_embeddings", SET_WHOLE, DIMS_AT(max_pos), 1, 16777216, 2048 },
    { "pad_token_id", SET_WHOLE, DIMS_AT(pad_id), 0, 16777215, NAN },
    { "rms_norm_eps", SET_NUMBER, DIMS_AT(ln_eps), 0, 1, 1e-6 },
    { "initializer_range", SET_NUMBER, DIMS_AT(init_range), 0, 100, 0.02 },
    { "attention_dropout", SET_NUMBER, DIMS_AT(attn_dropout), 0, 0.99, 0 },
    { "tie_word_embeddings", SET_TIED, DIMS_AT(untied), 0, 1, 0 },
    { .key = NULL },
};

static const struct fixed fixed[] = {
    { "attention_bias", "false" },
    { "mlp_bias", "false" },
    { NULL, NULL },
};

/* Buffers that older files store as if they were weights. */
static const char *const ignored[] = { "rotary_emb.inv_freq", NULL };

/* The names that llama.cpp gives the tensors. */
static const struct gguf_name gguf[] = {
    { ROLE_WORD, "token_embd.weight", false },
    { ROLE_W + PROJ_Q, "attn_q.weight", true },
    { ROLE_W + PROJ_K, "attn_k.weight", true },
    { ROLE_W + PROJ_V, "attn_v.weight", false },
    { ROLE_W + PROJ_O, "attn_output.weight", false },
    { ROLE_W + PROJ_GATE, "ffn_gate.weight", false },
    { ROLE_W + PROJ_UP, "ffn_up.weight", false },
    { ROLE_W + PROJ_DOWN, "ffn_down.weight", false },
    { ROLE_NORM1_G, "attn_norm.weight", false },
    { ROLE_NORM2_G, "ffn_norm.weight", false },
    { ROLE_FINAL_G, "output_norm.weight", false },
    { ROLE_LM_HEAD, "output.weight", false },
    { ROLE_OTHER, NULL, false },
};

static const struct arch_impl impl = {
    .before = before,
    .block = block,
    .after = after,
    .block_prefix = "layers.",
    .settings = settings,
    .fixed = fixed,
    .act_key = "hidden_act",
    .act = ACT_SILU,
    .gated = true,
    .rope_theta = 10000,
    .ignored = ignored,
    .gguf = gguf,
};

const struct arch arch_llama = {
    .name = "llama",
    .class = "Llama",
    .source = "Touvron et al. 2023; tensor names of transformers",
    .prefix = "model.",
    .pre_norm = true,
    .rms_norm = true,
    .causal = true,
    .impl = &impl,
};
