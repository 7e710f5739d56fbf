/* adapted.h - a pretrained model, ready to be applied to texts: an encoder with its own classifier,
 * an adapter's, or none, or a decoder. */
#ifndef ADAPTED_H
#define ADAPTED_H

#include "core/adapt/adapt.h"
#include "core/peft/adapter_record.h"
#include "core/text/tok.h"
#include "core/train/optim.h"
#include "experiments/assets/session.h"

struct adapted {
    struct base_model base;
    struct tok *tok; /* NULL if it was not asked for */
    struct model model;
    const struct adapt *method; /* without an adapter "head", of a decoder adapt_nothing */
    void *cfg;                  /* the method's */
    bool has_head; /* false: there is no trained classifier; only hidden and pooled states mean
                      something */
    bool own_head; /* the classifier is that of the model, not the adapter's */
    struct adapter_record record; /* of the adapter's folder */
};

/* adapted_open - MODEL (a name or a folder) with ADAPTER: NULL for none, a folder, or the first
 * digits of the key of a run whose adapter is in HOME/adapters. An adapter without a classifier
 * uses the model's, unless it adapts hidden states only. POOLING is an enum pooling_choice;
 * POOLING_AUTO means, in this order, that of the adapter's record; of its run in the store; the
 * first token if PEFT wrote a classifier for it; and the model folder's. Warns if the adapter was
 * trained on other weights. Errors: FAIL_INPUT, FAIL_MEMORY, FAIL_STORE; FAIL_USAGE: the digits
 * fit several runs. adapted_close - of a zeroed struct: nothing. */
int adapted_open(struct adapted *a, struct session *ses, const char *model, const char *adapter,
                 int pooling);

/* adapted_open_decoder - the same for a decoder, whose products with frozen weights have this
 * PRECISION; N_PRECISION: f32, or the blocks that the adapter was trained with, as in adapted_open.
 * TOK: with its tokenizer. Errors: also FAIL_INPUT if it is an encoder. */
int adapted_open_decoder(struct adapted *a, struct session *ses, const char *model,
                         const char *adapter, enum precision precision, bool tok);
void adapted_close(struct adapted *a);

/* adapted_encodes - is A no decoder? Errors: FAIL_INPUT. */
int adapted_encodes(const struct adapted *a);
#endif
