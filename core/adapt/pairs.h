/* pairs.h - private to core/adapt: what LoRA and its variants share. They give each target a pair
 * of matrices,
 *
 *     h = drop(x) A^T,   y += s h B^T         A [r, in], B [out, r]; x [T, in], y [T, out]
 *
 * The A of targets that read the same input are stacked in memory, so that one thin product
 * computes drop(x) A^T for all of them. The frozen product sees x without dropout. */
#ifndef PAIRS_H
#define PAIRS_H

#include "core/adapt/adapt.h"
#include "core/adapt/target.h"
#include "core/opt/opt.h"

struct pair {
    int a, b; /* indices in m->params; 0: not adapted (params[0] is a tensor of the base model) */
    int r;
    double scale; /* s */
};

/* What multiplies at one input: N targets, each with A [w, in], which are stacked in a, and B [out,
 * w]. The first r rows of each A and the first r columns of each B have gradients, da (those of all
 * targets, stacked) and db [out, r], which are empty when they do not train. */
struct factors {
    int n;
    struct factor {
        int target, w, r;
        int at, dat; /* its first row of a and of da */
        real scale;
        struct mat b, db;
    } t[MAX_GROUP_TARGETS];
    struct mat a, da;
};

/* The first member of adapt_state of every method with adapt.pairs. */
struct pairs {
    double dropout;
    bool *on;          /* [target_slots] is it adapted? */
    struct pair *pair; /* [target_slots] */
    /* What multiplies when it is not the tensors themselves. NULL: the tensors. WS NULL: only sizes
     * are needed. */
    void (*factors)(struct factors *f, const struct model *m, const struct workspace *ws, int layer,
                    enum group g);
};
static inline struct pairs *pairs_of(const struct model *m)
{
    return m->adapt_state;
}

/* pairs_on - which targets of a layer are adapted. pairs_at - the pair of a target there. */
static inline const bool *pairs_on(const struct model *m, int layer)
{
    return &pairs_of(m)->on[target_slot(layer, 0)];
}
static inline const struct pair *pairs_at(const struct model *m, int layer, int t)
{
    return &pairs_of(m)->pair[target_slot(layer, t)];
}

/* --- options: the fields of struct lora_cfg, which is the first member of every such method's */
#define PAIRS_RANK                                                                                 \
    {                                                                                              \
        "rank", 0, OPT_INT, offsetof(struct lora_cfg, rank), "8", 1, 65536, NULL,                  \
            "rank: rows of A and columns of B"                                                     \
    }
#define PAIRS_ALPHA(scale)                                                                         \
    {                                                                                              \
        "alpha", 0, OPT_REAL, offsetof(struct lora_cfg, alpha), "16", 1e-6, 1e6, NULL,             \
            "the update is scaled by " scale                                                       \
    }
#define PAIRS_TARGETS                                                                              \
    {                                                                                              \
        "targets", 0, OPT_LIST, offsetof(struct lora_cfg, targets), "q,v", 0, 0,                   \
            "q|k|v|o|up|down|gate|qkv",                                                            \
            "matrices of each block to adapt; qkv is GPT-2's fused matrix as a whole, as in PEFT"  \
    }
#define PAIRS_DROPOUT                                                                              \
    {                                                                                              \
        "lora_dropout", 0, OPT_REAL, offsetof(struct lora_cfg, dropout), "0", 0, 0.99, NULL,       \
            "dropout on the input of A"                                                            \
    }
#define PAIRS_INIT                                                                                 \
    {                                                                                              \
        "init", 0, OPT_CHOICE, offsetof(struct lora_cfg, init), "kaiming", 0, 0,                   \
            "kaiming|gaussian|peft_gaussian",                                                      \
            "initial A: uniform within 1/sqrt(in), or normal with standard deviation "             \
            "initializer_range or 1/rank; B starts at 0"                                           \
    }
#define PAIRS_LAYERS                                                                               \
    {                                                                                              \
        "adapt_layers", 0, OPT_LIST, offsetof(struct lora_cfg, layers), "all", 0, 0, NULL,         \
            "layers to adapt, such as 0,8-11; the lowest is 0"                                     \
    }
#define PAIRS_PATTERNS                                                                             \
    PAIRS_LAYERS,                                                                                  \
        { "rank_pattern",                                                                          \
          0,                                                                                       \
          OPT_LIST,                                                                                \
          offsetof(struct lora_cfg, rank_pattern),                                                 \
          "none",                                                                                  \
          0,                                                                                       \
          0,                                                                                       \
          NULL,                                                                                    \
          "other ranks for some matrices, such as v:16,3.q:2,8-11:4; 0: not adapted" },            \
    {                                                                                              \
        "alpha_pattern", 0, OPT_LIST, offsetof(struct lora_cfg, alpha_pattern), "none", 0, 0,      \
            NULL, "other alphas for some matrices, in the form of rank_pattern"                    \
    }
extern const struct opt pairs_opts[]; /* those of LoRA */

/* pairs_attach - allocate an adapt_state of SIZE bytes that begins with a struct pairs, and add A
 * and B of every adapted matrix; A is trainable or fixed, and s is SCALE of the matrix's alpha and
 * rank. NULL: FAIL_USAGE. pairs_detach - free it. pairs_scale - alpha / r. pairs_scale_root - alpha
 * / sqrt(r). */
enum pairs_a { A_TRAINS, A_FIXED };
void *pairs_attach(struct model *m, size_t size, const struct lora_cfg *c,
                   double (*scale)(double alpha, int r), enum pairs_a a);
double pairs_scale(double alpha, int r);
double pairs_scale_root(double alpha, int r);
void pairs_detach(struct model *m);

/* pairs_init - set A as cfg->init says; B stays 0. CFG begins with a struct lora_cfg. pairs_stream
 * - the number of the random stream of a target: every matrix has its own at every rank. If the A
 * of rank 8 were the first rows of the A of rank 64, the subspaces of two ranks would look alike
 * before any training. */
void pairs_init(struct model *m, const void *cfg);
uint32_t pairs_stream(const struct pairs *s, int layer, int target);

/* pairs_sum - how many parameters a method trains that has SIZE parameters for every adapted
 * matrix; -1 after FAIL_USAGE. pairs_count - those of A and B, r (in + out). */
long pairs_sum(const struct lora_cfg *c, const struct dims *d,
               long (*size)(long r, long out, long in));
long pairs_count(const void *cfg, const struct dims *d);

/* pairs_tensors - the tensors A and B of an input and their gradients (none when WS is NULL).
 * pairs_factors - what multiplies there. */
void pairs_tensors(struct factors *f, const struct model *m, const struct workspace *ws, int layer,
                   enum group g);
void pairs_factors(struct factors *f, const struct model *m, const struct workspace *ws, int layer,
                   enum group g);

/* Hooks of struct adapt. */
bool pairs_uses(const struct model *m, int layer, enum group g);
int pairs_save_cols(const struct model *m, int layer, enum group g);
void pairs_fwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
               enum group g, struct mat saved, struct mat x, struct mat y);
void pairs_bwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
               enum group g, struct mat saved, struct mat x, struct mat dy, struct mat dx);
void pairs_merge(const struct model *m, int layer, enum proj p, struct mat w, int sign);

/* The entries of LoRA's struct adapt. A variant begins with them and then overrides those that
 * differ. */
#define PAIRS_METHOD                                                                               \
    .opts = pairs_opts, .cfg_size = sizeof(struct lora_cfg), .starts_as_base = true,               \
    .pairs = true, .init = pairs_init, .detach = pairs_detach, .count = pairs_count,               \
    .formula = "L r sum over targets of (in + out)", .uses = pairs_uses,                           \
    .save_cols = pairs_save_cols, .proj_fwd = pairs_fwd, .proj_bwd = pairs_bwd,                    \
    .merge = pairs_merge
#pragma GCC diagnostic ignored "-Woverride-init"
#endif
