/* pairs.h - private to core/adapt: what the methods that give each adapted matrix a pair A, B have
 * in common.
 *
 *     h = drop(x) A^T,   y += s h B^T         A [r,in], B [out,r]; x [T,in], y [T,out]
 *
 * The projections that read one input have their A one below the other in memory, so that drop(x) A^T
 * is a single thin product for all of them; they share one dropout mask (PEFT draws one for each), and
 * the product with W sees x without dropout. The target qkv is one pair for all three, as PEFT has it
 * on a fused matrix. */
#ifndef PAIRS_H
#define PAIRS_H

#include "core/adapt/adapt.h"

enum { MAX_SIDE = 3 }; /* targets that read one input */

/* What multiplies at one input: N targets, each with the factors A [w,in] (one below the other in a)
 * and B [out,w]. The first r rows of each A and columns of each B have gradients: da [n r, in], db
 * [out,r]; an empty view: it does not train. */
struct factors {
    int n, w, r;
    int target[MAX_SIDE];
    struct mat a, da, b[MAX_SIDE], db[MAX_SIDE];
};

struct pair {
    int a, b; /* indices in the model's params; 0: not adapted (params[0] is the base's) */
};
/* The first member of the adapt_state of every method with adapt.pairs. */
struct pairs {
    int r;
    real scale;
    double dropout;
    bool on[N_LORA_TARGETS];
    struct pair *pair; /* [n_layers * N_LORA_TARGETS] */
    /* Other factors than the tensors themselves; NULL: those. */
    void (*factors)(struct factors *f, const struct model *m, const struct workspace *ws, int layer,
                    enum group g);
};
static inline struct pairs *pairs_of(const struct model *m)
{
    return m->adapt_state;
}
static inline const struct pair *pairs_at(const struct pairs *s, int layer, int target)
{
    return &s->pair[layer * N_LORA_TARGETS + target];
}

/* --- settings: the entries of struct lora_cfg, which is the first member of every such method's. */
#define PAIRS_TARGETS                                                                              \
    {                                                                                              \
        "targets", 0, OPT_LIST, offsetof(struct lora_cfg, targets), "q,v", 0, 0,                   \
            "q|k|v|o|up|down|qkv",                                                                 \
            "matrices of each block that are adapted; qkv: GPT-2's fused one, as PEFT does"        \
    }
#define PAIRS_DROPOUT                                                                              \
    {                                                                                              \
        "lora_dropout", 0, OPT_REAL, offsetof(struct lora_cfg, dropout), "0", 0, 0.99, NULL,       \
            "dropout on the input of A"                                                            \
    }
#define PAIRS_OPTS                                                                                 \
    { "rank", 0,     OPT_INT, offsetof(struct lora_cfg, rank), "8",                                \
      1,      65536, NULL,    "rows of A and columns of B" },                                      \
        { "alpha", 0,   OPT_REAL, offsetof(struct lora_cfg, alpha),      "16",                     \
          1e-6,    1e6, NULL,     "the update is scaled by alpha / rank" },                        \
        PAIRS_TARGETS, PAIRS_DROPOUT
#define PAIRS_INIT                                                                                 \
    {                                                                                              \
        "init", 0, OPT_CHOICE, offsetof(struct lora_cfg, init), "kaiming", 0, 0,                   \
            "kaiming|gaussian|peft_gaussian",                                                      \
            "A: uniform to 1/sqrt(in), normal with initializer_range, or normal with 1/rank; B "   \
            "is 0"                                                                                 \
    }

/* --- targets. pairs_targets - mark those of the list; returns how many, -1 (FAIL_USAGE) for a word that
 * is none. */
int pairs_targets(bool on[N_LORA_TARGETS], const char *list);
/* The first projection of a target, and its matrix [*out, *in]. */
enum proj target_first(int t);
void target_shape(const struct dims *d, int t, int *out, int *in);
/* The columns of a group's output that belong to a target of OUT columns. */
struct mat target_cols(struct mat y, int t, int out);
/* The name of the module that has a target: "encoder.layer.0.attention.self.query"; the caller frees
 * it. */
char *target_module(const struct model *m, int layer, int t);
/* target_weight - a copy of the frozen matrix of a target, [out,in]; the caller frees x. */
struct mat target_weight(const struct model *m, int layer, int t);
/* What a target's projection adds to its output, [out], to BIAS. */
void target_bias(real *bias, const struct model *m, int layer, int t);
/* The targets of S that read the input of group G, in order; returns their number. */
int targets_of(int target[MAX_SIDE], const bool on[N_LORA_TARGETS], enum group g);
/* check_targets - of this model, with matrices of rank R inside theirs. Errors: FAIL_USAGE. */
int check_targets(const struct model *m, const bool on[N_LORA_TARGETS], int r);

/* --- tensors. pairs_attach - allocate a state of SIZE bytes that begins with struct pairs, and the
 * tensors of every target: those A of an input one below the other, then their B. NULL: FAIL_USAGE. */
enum pairs_a { A_TRAINS, A_FIXED };
void *pairs_attach(struct model *m, size_t size, const struct lora_cfg *c, double scale,
                   enum pairs_a a);
void pairs_detach(struct model *m);
/* The stream of initial numbers of a target, of its own for every matrix and rank: were the A of rank 8
 * the first rows of the A of rank 64, the subspaces of two ranks would look alike before any
 * training. */
uint32_t pairs_stream(const struct pairs *s, int layer, int target);
/* pairs_init - A as cfg->init says; B stays 0. CFG begins with struct lora_cfg. */
void pairs_init(struct model *m, const void *cfg);
/* pairs_sum - what a method trains that has EACH + PER_IN in + PER_OUT out numbers for every target of every
 * layer; -1: FAIL_USAGE. pairs_count - of pairs A, B: r (in + out). */
long pairs_sum(const struct lora_cfg *c, const struct dims *d, long each, long per_in,
               long per_out);
long pairs_count(const void *cfg, const struct dims *d);

/* --- the hooks of struct adapt. */
bool pairs_uses(const struct model *m, int layer, enum group g);
int pairs_keep_cols(const struct model *m, int layer, enum group g);
void pairs_fwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
               enum group g, struct mat keep, struct mat x, struct mat y);
void pairs_bwd(const struct model *m, struct workspace *ws, const struct batch *b, int layer,
               enum group g, struct mat keep, struct mat x, struct mat dy, struct mat dx);
void pairs_merge(const struct model *m, int layer, enum proj p, struct mat w, int sign);

/* pairs_tensors - the factors as the tensors hold them. pairs_factors - those that multiply. */
void pairs_tensors(struct factors *f, const struct model *m, const struct workspace *ws, int layer,
                   enum group g);
void pairs_factors(struct factors *f, const struct model *m, const struct workspace *ws, int layer,
                   enum group g);

/* --- dropout on the input, for methods with products of their own: [T, in] numbers and T * in bytes of
 * what is kept. */
struct dropped {
    struct mat x;
    unsigned char *mask; /* NULL: no dropout in this pass */
};
int drop_cols(double p, int in);
struct dropped drop_at(const struct workspace *ws, double p, real *keep, struct mat x);
/* drop_fwd - draws the mask, and x dropped. drop_bwd - dX += E A through the mask, E [T,k], A [k,in];
 * what drop_fwd kept is overwritten. */
void drop_fwd(const struct dropped *k, const struct model *m, const struct workspace *ws,
              const struct batch *b, int layer, enum group g, struct mat x, double p);
void drop_bwd(const struct dropped *k, struct mat dx, struct mat e, struct mat a, double p);
#endif
