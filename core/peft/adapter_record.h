/* adapter_record.h - what an adapter folder says about its task: the keys of lowrank_adapter.json
 * that PEFT's adapter_config.json has no place for. Layer 2.
 *
 *   pooling       "cls" or "mean": what the classifier reads
 *   pool_scale    the factor on the pooled vector in training. The classifier's weight in the
 *                 folder already contains it, W_saved = pool_scale W, so that the folder means the
 *                 same to programs that have no such factor
 *   problem_type  "single_label_classification" or "regression", as in transformers
 *   labels        the names of the classes, in order; absent if they are not known
 *   base_precision  "q8_0", "q4_1" or "nf4" if the frozen matrices of the base model were in such
 * blocks (core/weights/quantized.h); also of decoders, which have none of the others
 *   max_length    tokens to which texts were truncated in training; absent if it is not known
 *
 * Folders from before these keys have an unscaled classifier and no record; in them only the run
 * knows the pooling and its factor. */
#ifndef ADAPTER_RECORD_H
#define ADAPTER_RECORD_H

#include "core/nn/model.h"

#include <jansson.h>

/* What the writer of a folder knows beside the model; all of it is borrowed. */
struct adapter_task {
    const char *const *labels; /* [n_labels], or NULL */
    int n_labels;
    long max_length; /* 0: not known */
};

struct adapter_record {
    bool present; /* false: the folder has no record, and nothing below is set */
    enum pooling pooling;
    double pool_scale;
    bool regression;
    char **labels; /* [n_labels] owned; NULL: not known */
    int n_labels;
    long max_length;               /* 0: not known */
    enum precision base_precision; /* PRECISION_F32 unless it was in blocks; also if not present */
};

/* adapter_record_add - add the keys above to J for the head of M. TASK may be NULL. */
void adapter_record_add(json_t *j, const struct model *m, const struct adapter_task *task);

/* adapter_record_read - the record of the folder DIR. A record beside an adapter_config.json that
 * PEFT wrote later is out of date and counts as absent. The caller frees R with
 * adapter_record_free, which does nothing for a zeroed record. Errors: FAIL_INPUT, with the file,
 * the key and what it must be. */
int adapter_record_read(struct adapter_record *r, const char *dir);
void adapter_record_free(struct adapter_record *r);

/* adapter_written_by_peft - does the adapter_config.json of the folder DIR have keys that every
 * release of PEFT writes? A folder without them and without a record may be one of ours from before
 * there were records. */
bool adapter_written_by_peft(const char *dir);
#endif
