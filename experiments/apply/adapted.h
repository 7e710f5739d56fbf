/* adapted.h - a pretrained model with what it needs to be applied to text: its own classifier, an
 * adapter's, or none. */
#ifndef ADAPTED_H
#define ADAPTED_H

#include "core/adapt/adapt.h"
#include "core/text/tok.h"
#include "core/train/optim.h"
#include "experiments/assets/adapter_files.h"

struct adapted {
    struct base_model base;
    struct tok *tok;
    struct model model;
    const struct adapt *method; /* "head" without an adapter */
    void *cfg;                  /* the method's */
    bool has_head; /* the classifier is the checkpoint's or the adapter's; else only pooled is sound
                    */
};

/* adapted_open - MODEL (a name or a folder) with ADAPTER: NULL, a folder, or the first digits of
 * the key of a run whose adapter is in HOME/adapters; of a run, its settings come from the store.
 * POOLING is an enum pooling_choice; auto: the run's, else the model folder's. An adapter of other
 * weights is warned of. Errors: FAIL_INPUT, FAIL_USAGE (several runs begin so), FAIL_MEMORY. */
int adapted_open(struct adapted *a, struct session *ses, const char *model, const char *adapter,
                 int pooling);
void adapted_close(struct adapted *a); /* of a zeroed one: nothing */

/* One text (or a pair: B not NULL) through the model; the lane holds logits, pooled and hidden
 * until the next. */
struct reader {
    const struct adapted *a;
    struct workspace ws;
    struct ids ids;
    int *mem;
    int cap;
    long n_cut; /* tokens beyond reader_room, of all texts */
};
int reader_init(struct reader *r, const struct adapted *a); /* Errors: FAIL_MEMORY */
void reader_free(struct reader *r);
int reader_room(
    const struct reader *r); /* the model's positions, less rows that the method inserts */
int reader_run(struct reader *r, const char *text, size_t size, const char *b, size_t b_size);
#endif
