/* start_model.c - a GPT-2 model before training, and the folder of one. */
#include "experiments/pretrain/start_model.h"

#include "core/format/json.h"
#include "core/os/file.h"
#include "core/weights/stored_write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int start_model_config(const struct model_shape *s, const char *dir)
{
    json_t *j = json_pack("{s:s, s:[s], s:I, s:I, s:I, s:I, s:I, s:s, s:f, s:f}", "model_type",
                          "gpt2", "architectures", "GPT2LMHeadModel", "n_layer", s->layers,
                          "n_embd", s->width, "n_head", s->heads, "n_positions", s->context,
                          "vocab_size", s->vocab, "activation_function", "gelu_new",
                          "layer_norm_epsilon", 1e-5, "initializer_range", 0.02);
    static const char *const drop[] = { "resid_pdrop", "embd_pdrop", "attn_pdrop" };

    for (size_t i = 0; i < ARRAY_LEN(drop); i++)
        json_object_set_new(j, drop[i], json_real(s->dropout));
    json_object_set_new(j, "bos_token_id", json_integer(0));
    json_object_set_new(j, "eos_token_id", json_integer(0));
    json_object_set_new(j, "tie_word_embeddings", json_true());
    json_object_set_new(j, "dtype", json_string(sizeof(real) == 8 ? "float64" : "float32"));
    return json_write(j, dir, "config.json", JSON_REAL_PRECISION(15));
}

static void set_start(struct base_model *b)
{
    double residual = 1 / sqrt(2.0 * b->dims.n_layers);

    for (int i = 0; i < b->n_params; i++) {
        const struct param *p = &b->params[i];
        bool adds = param_is_proj(p) && (p->role == (enum role)(ROLE_W + PROJ_O) ||
                                         p->role == (enum role)(ROLE_W + PROJ_DOWN));
        const char *end = strrchr(p->name, '.');
        bool bias = p->is_vector && end && strcmp(end, ".bias") == 0;
        for (size_t k = 0; (adds || bias) && k < param_size(p); k++)
            p->value[k] = bias ? 0 : (real)(residual * (double)p->value[k]);
    }
}

int start_model_base(struct base_model *b, const char *dir, uint64_t seed)
{
    struct dims d;

    if (dims_load(&d, dir) != 0)
        return -1;
    int rc = base_model_random(b, &d, seed);
    free(d.problem);
    if (rc == 0)
        set_start(b);
    return rc;
}

int start_model_write(const struct model *m, const char *dir)
{
    struct stored_out out = { 0 };
    char *path = path_join(dir, "model.safetensors");

    for (int i = 0; i < m->base->n_params; i++)
        stored_add(&out, m->base->arch, &m->params[i], param_mat(&m->params[i]).x);
    int rc = stored_write(&out, path, "after training");
    stored_out_free(&out);
    free(path);
    return rc;
}
