/* encode.h - the hidden states that a model computes from texts, before or after it was trained. */
#ifndef ENCODE_H
#define ENCODE_H

#include "ablations/common/study_runs.h"
#include "core/data/dataset.h"
#include "experiments/apply/adapted.h"

/* The hidden states of N texts, in float64, at several places in the model: place 0 is the output
 * of the embeddings, place k the output of block k, and place n_layers + 1 the last hidden states,
 * after a final LayerNorm if the model has one. */
struct encoded {
    int n, d, places;
    double *text;  /* [places, n, d] means over the tokens of a text; owned */
    double *token; /* [places, n, d] N single tokens, sampled evenly from all texts; owned */
};

/* encode_texts - run every example of SET through M. Errors: FAIL_INPUT if a text is longer than
 * the model has positions; FAIL_MEMORY, FAIL_STOPPED. *e is freed by encoded_free, which does
 * nothing for a zeroed struct. */
int encode_texts(struct encoded *e, const struct model *m, const struct dataset *set);
void encoded_free(struct encoded *e);

/* encode_open - the model that the finished run R trained, or, with R NULL, the pretrained model
 * MODEL, both found through SES; closed by adapted_close, also after a failure. encode_run -
 * encode_texts with that model. Errors: those of adapter_path, adapted_open and encode_texts. */
int encode_open(struct adapted *a, struct session *ses, const char *model,
                const struct study_run *r);
int encode_run(struct encoded *e, struct session *ses, const char *model, const struct study_run *r,
               const struct dataset *set);

/* encode_set - N examples (0: all) of a split of TASK, tokenized as MODEL does it. SECOND chooses
 * among the texts of a pair: 0 the first alone, 1 the second alone, -1 both together, as in
 * training. *set is freed by dataset_free. Errors: those of task_facts and dataset_load. */
int encode_set(struct dataset *set, struct session *ses, const char *model, const char *task,
               enum split s, long n, int second);
#endif
