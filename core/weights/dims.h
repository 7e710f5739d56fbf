/* dims.h - the shapes and settings of a pretrained model, from its config.json. Layer 2. */
#ifndef DIMS_H
#define DIMS_H

#include "core/math/ops.h"

/* What a class of transformers, as config.json names it, computes after the encoder. */
enum class_use {
    CLASS_SEQUENCE, /* a classifier or regressor of whole texts, or not known */
    CLASS_ENCODER,  /* nothing: hidden states */
    CLASS_HIDDEN,   /* another head, without which its encoder is useful: masked-LM, pretraining */
    CLASS_DECODER,  /* a language model */
    CLASS_OTHER     /* a head that gives the weights another meaning: labels of tokens, answers */
};

/* Disentangled attention (He et al. 2021): what each layer adds to its scores from one table of
 * relative positions. */
struct disentangled {
    int span;      /* the table has 2 span rows; 0: there is none */
    int buckets;   /* 0: each distance has a row; else those beyond buckets / 2 share rows, */
    int far;       /* which end at this distance */
    bool c2p, p2c; /* queries meet positions as keys, keys meet positions as queries */
    bool own;      /* positions have projections of their own, not those of queries and keys */
    bool norm;     /* the table has a LayerNorm */
};

struct dims {
    char arch[24]; /* model_type of config.json: "bert", "gpt2" */
    int n_layers, d_model, n_heads, d_head, d_ffn, vocab, n_types, pad_id;
    int max_pos;       /* positions that a text can have */
    int pos_offset;    /* rows of the table of positions before that of the first token */
    int rel_buckets;   /* of attention's bias by relative position; 0: it has none */
    int n_kv_heads;    /* of keys and values, each of which several query heads share; 0: n_heads */
    double rope_theta; /* base of rotary positions (Su et al. 2021); 0: there are none */
    bool no_positions; /* no table of absolute positions; max_pos is only the longest text */
    struct disentangled rel; /* DeBERTa's */
    bool no_pooler;          /* the checkpoint lacks the pooler of its architecture */
    int conv; /* rows that the convolution beside the first block sees; 0: there is none */
    enum act conv_act, dense_act; /* of the convolution, and of DeBERTa's pooler */
    bool gated;                   /* the MLP is down(up(x) * f(gate(x))) (Shazeer 2020) */
    bool untied;                  /* a decoder's output layer is a tensor of its own */
    double ln_eps, init_range;    /* init_range: initializer_range of config.json */
    double hidden_dropout, attn_dropout, classifier_dropout;
    enum act act;
    enum pooling pooling; /* of 1_Pooling/config.json, else cls; none in a decoder */
    char *problem;        /* problem_type, or NULL; owned by this struct */
    int n_labels;         /* outputs of the checkpoint's own head; 0 when it has none */
    char head_class[64]; /* the class in config.json whose head is ignored, "" when there is none */
};

/* dims_kv_heads - heads of keys and values. dims_q_width, dims_kv_width - columns of the queries,
 * and of the keys or the values. */
static inline int dims_kv_heads(const struct dims *d)
{
    return d->n_kv_heads > 0 ? d->n_kv_heads : d->n_heads;
}
static inline int dims_q_width(const struct dims *d)
{
    return d->n_heads * d->d_head;
}
static inline int dims_kv_width(const struct dims *d)
{
    return dims_kv_heads(d) * d->d_head;
}

/* dims_has_pos - is there a table of absolute positions? dims_own_pos - the number of projections
 * that positions have of their own in each layer. */
static inline bool dims_has_pos(const struct dims *d)
{
    return d->rope_theta <= 0 && !d->no_positions;
}
static inline int dims_own_pos(const struct dims *d)
{
    return d->rel.span > 0 && d->rel.own ? d->rel.c2p + d->rel.p2c : 0;
}

/* dims_class_use - by the name of a class of transformers, "BertForTokenClassification"; NULL means
 * that it is not known. */
enum class_use dims_class_use(const char *name);

/* dims_load - fill D from DIR/config.json, or, if the weights are a GGUF file, from its keys, and,
 * where it exists, from DIR/1_Pooling/config.json. A
 * missing optional key takes the default of the transformers library. The caller frees d->problem.
 * Errors: FAIL_INPUT, with the file, the key, its value and what is accepted; this includes
 * settings that change what a model computes and that are not supported, and architectures that
 * are neither sequence classifiers nor encoders (or, of a causal model, not language models). */
int dims_load(struct dims *d, const char *dir);

/* dims_gguf - the GGUF file that is the weights of the folder DIR, and whose keys dims_load reads
 * instead of config.json; the caller frees it. NULL: the weights are in another file, or there are
 * none that can be chosen. */
char *dims_gguf(const char *dir);

/* dims_no_gguf - refuse the folder DIR if its weights are a GGUF file, because PURPOSE, "merging",
 * needs config.json. Errors: FAIL_INPUT. */
int dims_no_gguf(const char *dir, const char *purpose);
#endif
