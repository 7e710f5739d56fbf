/* base_model.h - a pretrained checkpoint: mapped, checked, and packed for fast products. Layer 2.
 *
 * All models of a process share one struct base_model. Its weights are frozen and its memory is not
 * written to, so that forked workers share the pages. */
#ifndef BASE_MODEL_H
#define BASE_MODEL_H

#include "core/format/weights.h"
#include "core/math/lmhead.h"
#include "core/math/packed.h"
#include "core/weights/arch.h"
#include "core/weights/dims.h"
#include "core/weights/param.h"

struct base_model {
    char *dir;
    char weights_sha256[65]; /* weights_key */
    struct dims dims;
    const struct arch *arch;
    struct weights weights;
    struct param *params; /* trunk and pooler, frozen; names without the architecture's prefix */
    int n_params;
    real *own;     /* values that cannot be used where they are in the file */
    int rows_read; /* rows of the word embeddings since their pages were last released */
    /* For each precision, layer and group the packed weights for forward only, then those for both
     * directions; NULL until a model needs them. */
    struct packed **packed;
    char *pack_dir;      /* folder of cached packed weights; NULL: they are not cached */
    size_t pack_least;   /* cache models with at least so many bytes of packed weights; 0: those for
                          which it is faster */
    struct packs *packs; /* [N_PRECISION], private to core/nn */
    struct lmhead lm[N_PRECISION]; /* a decoder's output layer, packed when it is first needed */
};

/* base_model_load - read config.json and the weights (weights_in) of the folder DIR. A GGUF file is
 * both; the matrices of its blocks stay in it and are decoded when they are used. Tensors may have
 * the architecture's prefix or not; their shapes are checked. A checkpoint without a pooler is
 * accepted (model_init refuses it when the head needs one). position_ids and similar buffers and
 * the heads of other tasks are ignored; the checkpoint's own classifier stays readable by
 * base_model_head. B is freed on failure. Errors: FAIL_INPUT, which lists missing and unexpected
 * tensors; FAIL_MEMORY. */
int base_model_load(struct base_model *b, const char *dir);

/* base_model_random - a checkpoint of shape D with random values, for measurements: every tensor is
 * N(0, init_range) from (SEED, RNG_INIT, its index), gains of LayerNorms are 1. The values are in a
 * shared mapping, so that memory counts as with a file; they may be changed until they are packed.
 * D->problem is not used. Errors: FAIL_USAGE for an unknown architecture; FAIL_MEMORY. */
int base_model_random(struct base_model *b, const struct dims *d, uint64_t seed);

/* base_model_outline - the tensors of shape D without values, for model_outline; without POOLER as
 * in a checkpoint that has none. D->problem is not used. Errors: FAIL_USAGE for an unknown
 * architecture. */
int base_model_outline(struct base_model *b, const struct dims *d, bool pooler);

/* base_model_free - of a zeroed struct: nothing. */
void base_model_free(struct base_model *b);

/* base_model_pack - pack weights in this process, so that forked workers share them: for each of
 * the [n_layers * N_GROUP] groups what NEED says (see model_packs), or everything in both
 * directions when NEED is NULL; of a decoder also the output layer. Whatever is not packed here is
 * packed when a model needs it. Errors: FAIL_MEMORY. */
enum pack_need { PACK_NONE, PACK_FORWARD, PACK_BOTH, N_PACK_NEED };
int base_model_pack(struct base_model *b, const unsigned char *need, enum precision p);

/* base_model_head - a tensor of the checkpoint's own classifier, ROLE_HEAD_W to ROLE_DENSE_B; NULL
 * when the checkpoint has none. */
const struct st_tensor *base_model_head(const struct base_model *b, enum role role);

/* base_model_table_resident - how many bytes of a mapped embedding table of BYTES stay in memory
 * while its rows are looked up. A small table stays as a whole. The pages of a large one are
 * released now and then, because every lookup brings in the pages around its row. */
size_t base_model_table_resident(size_t bytes);
#endif
