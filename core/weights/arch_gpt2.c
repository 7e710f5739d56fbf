/* arch_gpt2.c - GPT-2's tensors, under the names that transformers gives them. block.c computes its
 * block.
 *
 * Checkpoints store its linear maps as Conv1D layers, [in, out], and hold q, k and v side by side
 * in one tensor, c_attn. Here each of the three is a matrix [out, in] of its own, which is the unit
 * of adaptation in Hu et al. 2021, sec. 4.2. A frozen matrix is packed directly from the file's
 * layout; only matrices that train, or that are merged, are copied out of it. */
#include "core/weights/arch_impl.h"

#include <math.h>

static const struct spec before[] = {
    { "wte.weight", ROLE_WORD, SIZE_VOCAB, SIZE_D },
    { "wpe.weight", ROLE_POS, SIZE_POS, SIZE_D },
    { NULL, ROLE_OTHER, SIZE_1, SIZE_1 },
};

static const struct spec block[] = {
    { "ln_1.weight", ROLE_NORM1_G, SIZE_1, SIZE_D },
    { "ln_1.bias", ROLE_NORM1_B, SIZE_1, SIZE_D },
    { "attn.c_attn.q.weight", ROLE_W + PROJ_Q, SIZE_D, SIZE_D },
    { "attn.c_attn.q.bias", ROLE_B + PROJ_Q, SIZE_1, SIZE_D },
    { "attn.c_attn.k.weight", ROLE_W + PROJ_K, SIZE_D, SIZE_D },
    { "attn.c_attn.k.bias", ROLE_B + PROJ_K, SIZE_1, SIZE_D },
    { "attn.c_attn.v.weight", ROLE_W + PROJ_V, SIZE_D, SIZE_D },
    { "attn.c_attn.v.bias", ROLE_B + PROJ_V, SIZE_1, SIZE_D },
    { "attn.c_proj.weight", ROLE_W + PROJ_O, SIZE_D, SIZE_D },
    { "attn.c_proj.bias", ROLE_B + PROJ_O, SIZE_1, SIZE_D },
    { "ln_2.weight", ROLE_NORM2_G, SIZE_1, SIZE_D },
    { "ln_2.bias", ROLE_NORM2_B, SIZE_1, SIZE_D },
    { "mlp.c_fc.weight", ROLE_W + PROJ_UP, SIZE_FFN, SIZE_D },
    { "mlp.c_fc.bias", ROLE_B + PROJ_UP, SIZE_1, SIZE_FFN },
    { "mlp.c_proj.weight", ROLE_W + PROJ_DOWN, SIZE_D, SIZE_FFN },
    { "mlp.c_proj.bias", ROLE_B + PROJ_DOWN, SIZE_1, SIZE_D },
    { NULL, ROLE_OTHER, SIZE_1, SIZE_1 },
};

static const struct spec after[] = {
    { "ln_f.weight", ROLE_FINAL_G, SIZE_1, SIZE_D },
    { "ln_f.bias", ROLE_FINAL_B, SIZE_1, SIZE_D },
    { "lm_head.weight", ROLE_LM_HEAD, SIZE_VOCAB, SIZE_D },
    { NULL, ROLE_OTHER, SIZE_1, SIZE_1 },
};

static const struct storage storage[] = {
    { ROLE_W + PROJ_Q, "attn.c_attn.weight", 0, 3, true },
    { ROLE_B + PROJ_Q, "attn.c_attn.bias", 0, 3, false },
    { ROLE_W + PROJ_K, "attn.c_attn.weight", 1, 3, true },
    { ROLE_B + PROJ_K, "attn.c_attn.bias", 1, 3, false },
    { ROLE_W + PROJ_V, "attn.c_attn.weight", 2, 3, true },
    { ROLE_B + PROJ_V, "attn.c_attn.bias", 2, 3, false },
    { ROLE_W + PROJ_O, NULL, 0, 1, true },
    { ROLE_W + PROJ_UP, NULL, 0, 1, true },
    { ROLE_W + PROJ_DOWN, NULL, 0, 1, true },
    { ROLE_OTHER, NULL, 0, 0, false },
};

static const struct setting settings[] = {
    { "n_layer", SET_WHOLE, DIMS_AT(n_layers), 1, 1000, 12 },
    { "n_embd", SET_WHOLE, DIMS_AT(d_model), 1, 65536, 768 },
    { "n_head", SET_WHOLE, DIMS_AT(n_heads), 1, 65536, 12 },
    { "n_inner", SET_WHOLE, DIMS_AT(d_ffn), 1, 1048576, NAN }, /* null: 4 * n_embd */
    { "vocab_size", SET_WHOLE, DIMS_AT(vocab), 1, 16777216, 50257 },
    { "n_positions", SET_WHOLE, DIMS_AT(max_pos), 1, 1048576, 1024 },
    { "pad_token_id", SET_WHOLE, DIMS_AT(pad_id), 0, 16777215, 0 },
    { "layer_norm_epsilon", SET_NUMBER, DIMS_AT(ln_eps), 0, 1, 1e-5 },
    { "initializer_range", SET_NUMBER, DIMS_AT(init_range), 0, 100, 0.02 },
    { "resid_pdrop", SET_NUMBER, DIMS_AT(hidden_dropout), 0, 0.99, 0.1 },
    { "attn_pdrop", SET_NUMBER, DIMS_AT(attn_dropout), 0, 0.99, 0.1 },
    { "tie_word_embeddings", SET_TIED, DIMS_AT(untied), 0, 1, 1 },
    { .key = NULL },
};

static const struct fixed fixed[] = {
    { "scale_attn_weights", "true" },
    { "scale_attn_by_inverse_layer_idx", "false" },
    { "add_cross_attention", "false" },
    { NULL, NULL },
};

/* The causal mask, which older files store as if it were a weight. */
static const char *const ignored[] = { ".attn.bias", ".attn.masked_bias", NULL };

static const struct arch_impl impl = {
    .before = before,
    .block = block,
    .after = after,
    .block_prefix = "h.",
    .storage = storage,
    .settings = settings,
    .fixed = fixed,
    .act_key = "activation_function",
    .act = ACT_GELU_TANH,
    .same = { "resid_pdrop", "embd_pdrop" },
    .ignored = ignored,
};

const struct arch arch_gpt2 = {
    .name = "gpt2",
    .class = "GPT2",
    .source = "Radford et al. 2019; tensor names of transformers",
    .prefix = "transformer.",
    .pre_norm = true,
    .causal = true,
    .impl = &impl,
};
