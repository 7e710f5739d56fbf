/* arch_deberta.c - DeBERTa v2 and v3 (He et al. 2021): BERT's blocks with disentangled attention,
 * under the names that transformers gives the tensors. block.c computes its block; positions.c and
 * conv.c in core/nn have what it adds. */
#include "core/weights/config.h"

#include <stdlib.h>
#include <string.h>

static const struct spec before[] = {
    { "embeddings.word_embeddings.weight", ROLE_WORD, SIZE_VOCAB, SIZE_D },
    { "embeddings.position_embeddings.weight", ROLE_POS, SIZE_POS, SIZE_D },
    { "embeddings.token_type_embeddings.weight", ROLE_TYPE, SIZE_TYPES, SIZE_D },
    { "embeddings.LayerNorm.weight", ROLE_EMB_G, SIZE_1, SIZE_D },
    { "embeddings.LayerNorm.bias", ROLE_EMB_B, SIZE_1, SIZE_D },
    { "encoder.rel_embeddings.weight", ROLE_REL, SIZE_REL, SIZE_D },
    { "encoder.LayerNorm.weight", ROLE_REL_G, SIZE_1, SIZE_D },
    { "encoder.LayerNorm.bias", ROLE_REL_B, SIZE_1, SIZE_D },
    { "encoder.conv.conv.weight", ROLE_CONV_W, SIZE_D, SIZE_CONV },
    { "encoder.conv.conv.bias", ROLE_CONV_B, SIZE_1, SIZE_D },
    { "encoder.conv.LayerNorm.weight", ROLE_CONV_NORM_G, SIZE_1, SIZE_D },
    { "encoder.conv.LayerNorm.bias", ROLE_CONV_NORM_B, SIZE_1, SIZE_D },
    { NULL, ROLE_OTHER, SIZE_1, SIZE_1 },
};

static const struct spec block[] = {
    { "attention.self.query_proj.weight", ROLE_W + PROJ_Q, SIZE_D, SIZE_D },
    { "attention.self.query_proj.bias", ROLE_B + PROJ_Q, SIZE_1, SIZE_D },
    { "attention.self.key_proj.weight", ROLE_W + PROJ_K, SIZE_D, SIZE_D },
    { "attention.self.key_proj.bias", ROLE_B + PROJ_K, SIZE_1, SIZE_D },
    { "attention.self.value_proj.weight", ROLE_W + PROJ_V, SIZE_D, SIZE_D },
    { "attention.self.value_proj.bias", ROLE_B + PROJ_V, SIZE_1, SIZE_D },
    { "attention.self.pos_key_proj.weight", ROLE_POS_K_W, SIZE_D, SIZE_D },
    { "attention.self.pos_key_proj.bias", ROLE_POS_K_B, SIZE_1, SIZE_D },
    { "attention.self.pos_query_proj.weight", ROLE_POS_Q_W, SIZE_D, SIZE_D },
    { "attention.self.pos_query_proj.bias", ROLE_POS_Q_B, SIZE_1, SIZE_D },
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
    { "num_hidden_layers", SET_WHOLE, DIMS_AT(n_layers), 1, 1000, -1 },
    { "hidden_size", SET_WHOLE, DIMS_AT(d_model), 1, 65536, -1 },
    { "num_attention_heads", SET_WHOLE, DIMS_AT(n_heads), 1, 65536, -1 },
    { "intermediate_size", SET_WHOLE, DIMS_AT(d_ffn), 1, 1048576, -1 },
    { "vocab_size", SET_WHOLE, DIMS_AT(vocab), 1, 16777216, -1 },
    { "max_position_embeddings", SET_WHOLE, DIMS_AT(max_pos), 1, 1048576, 512 },
    { "type_vocab_size", SET_WHOLE, DIMS_AT(n_types), 0, 65536, 0 },
    { "pad_token_id", SET_WHOLE, DIMS_AT(pad_id), 0, 16777215, 0 },
    { "layer_norm_eps", SET_NUMBER, DIMS_AT(ln_eps), 0, 1, 1e-7 },
    { "initializer_range", SET_NUMBER, DIMS_AT(init_range), 0, 100, 0.02 },
    { "hidden_dropout_prob", SET_NUMBER, DIMS_AT(hidden_dropout), 0, 0.99, 0.1 },
    { "attention_probs_dropout_prob", SET_NUMBER, DIMS_AT(attn_dropout), 0, 0.99, 0.1 },
    { "conv_kernel_size", SET_WHOLE, DIMS_AT(conv), 0, 1023, 0 },
    { .key = NULL },
};

static const struct fixed fixed[] = {
    { "conv_groups", "1" },
    { "pooler_dropout", "0" },
    { NULL, NULL },
};

/* The table of positions that v3's pretraining adds to the input of its output layer only. */
static const char *const ignored[] = { "position_ids", "embeddings.position_embeddings.weight",
                                       NULL };

/* A number that may be absent, null, or -1, which stand for 0. */
static int read_count(int *to, const struct config *c, const char *key)
{
    const json_t *j = json_object_get(c->j, key);
    json_int_t n = json_integer_value(j);

    if ((j && !json_is_null(j) && !json_is_integer(j)) || n > 1048576)
        return config_bad_value(c, key, "a whole number up to 1048576");
    *to = n > 0 ? (int)n : 0;
    return 0;
}

/* Does the string S, "p2c|c2p", consist of the words of LIST? SEEN[i]: it has word i. */
static bool read_words(bool *seen, const char *s, const char *const *list)
{
    while (*s) {
        size_t n = strcspn(s, "|"), i = 0, from = strspn(s, " "), to = n;
        while (from < to && s[to - 1] == ' ')
            to--;
        while (list[i] && (strncasecmp(list[i], s + from, to - from) != 0 || list[i][to - from]))
            i++;
        if (!list[i] || from >= to)
            return false;
        seen[i] = true;
        s += s[n] ? n + 1 : n;
    }
    return true;
}

/* KEY is a string of words with '|' between them, or an array of words. */
static int read_list(bool *seen, const struct config *c, const char *key, const char *const *list,
                     const char *wanted)
{
    const json_t *j = json_object_get(c->j, key), *item;
    bool ok = !j || json_is_null(j) || json_is_array(j) ||
              (json_is_string(j) && read_words(seen, json_string_value(j), list));
    size_t i;

    json_array_foreach(j, i, item) ok &=
        json_is_string(item) && read_words(seen, json_string_value(item), list);
    return ok ? 0 : config_bad_value(c, key, wanted);
}

static int read_terms(struct dims *d, const struct config *c)
{
    static const char *const terms[] = { "c2p", "p2c", NULL }, *const norms[] = { "none",
                                                                                  "layer_norm",
                                                                                  NULL };
    bool term[2] = { false }, norm[2] = { false };

    if (read_list(term, c, "pos_att_type", terms, "of \"c2p\" and \"p2c\"") != 0 ||
        read_list(norm, c, "norm_rel_ebd", norms, "\"layer_norm\" or \"none\"") != 0)
        return -1;
    d->rel.c2p = term[0];
    d->rel.p2c = term[1];
    d->rel.norm = norm[1];
    return 0;
}

/* As in transformers, the scores are scaled by the number of terms also without a table. */
static int read_relative(struct dims *d, const struct config *c)
{
    bool relative, shared;

    if (read_terms(d, c) != 0 || config_flag(&relative, c, "relative_attention", false) != 0 ||
        config_flag(&shared, c, "share_att_key", false) != 0 ||
        read_count(&d->rel.buckets, c, "position_buckets") != 0 ||
        read_count(&d->rel.far, c, "max_relative_positions") != 0)
        return -1;
    if (d->rel.far == 0)
        d->rel.far = d->max_pos;
    d->rel.own = !shared;
    d->rel.span = !relative ? 0 : d->rel.buckets > 0 ? d->rel.buckets : d->rel.far;
    if (relative && d->rel.buckets > 0 &&
        (d->rel.buckets < 2 || d->rel.buckets / 2 >= d->rel.far - 1))
        return config_bad_value(c, "position_buckets",
                                "from 2 to less than twice max_relative_positions");
    return 0;
}

/* Sizes that transformers lets differ, and with which it then cannot compute, or computes with
 * another matrix than any released model has. */
static int check_sizes(const struct dims *d, const struct config *c)
{
    const struct {
        const char *key;
        int size;
    } same[] = { { "embedding_size", d->d_model },
                 { "pooler_hidden_size", d->d_model },
                 { "attention_head_size", d->d_model / d->n_heads } };

    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        const json_t *j = json_object_get(c->j, same[i].key);
        char wanted[40];
        snprintf(wanted, sizeof wanted, "%d", same[i].size);
        if (j && !json_is_null(j) && (!json_is_integer(j) || json_integer_value(j) != same[i].size))
            return config_bad_value(c, same[i].key, wanted);
    }
    if (d->conv > 0 && d->conv % 2 == 0)
        return config_bad_value(c, "conv_kernel_size", "odd");
    return 0;
}

static int read(struct dims *d, const struct config *c)
{
    bool absolute;

    if (config_flag(&absolute, c, "position_biased_input", true) != 0 || read_relative(d, c) != 0 ||
        check_sizes(d, c) != 0 || config_act(&d->conv_act, c, "conv_act", ACT_TANH) != 0 ||
        config_act(&d->dense_act, c, "pooler_hidden_act", ACT_GELU) != 0)
        return -1;
    d->no_positions = !absolute;
    return 0;
}

static const struct arch_impl impl = {
    .before = before,
    .block = block,
    .after = after,
    .block_prefix = "encoder.layer.",
    .settings = settings,
    .fixed = fixed,
    .act_key = "hidden_act",
    .act = ACT_GELU,
    .dropout_key = "cls_dropout",
    .read = read,
    .ignored = ignored,
};

const struct arch arch_deberta = {
    .name = "deberta-v2",
    .source = "He et al. 2021; tensor names of transformers",
    .class = "DebertaV2",
    .prefix = "deberta.",
    .head = &arch_head_pooler,
    .impl = &impl,
};
