/* reader.h - apply a model to one text after the other. */
#ifndef READER_H
#define READER_H

#include "core/text/tok.h"
#include "experiments/apply/adapted.h"

struct reader {
    const struct adapted *a;
    struct workspace ws; /* logits, pooled and hidden states of the last text */
    struct ids ids;      /* its tokens */
    int *mem;
    int cap;
    int limit;  /* of tokens, if it is less than the positions; 0: none. At first that to which the
                   adapter's texts were truncated in training */
    bool score; /* in: of a decoder, find the log-probabilities of the tokens, too */
    double
        *nll;   /* then [n]: -log p of the token after each, given those before it; of the last 0 */
    long n_cut; /* tokens beyond reader_room that were left out, of all texts */
};
/* reader_init - A must outlive the reader. Errors: FAIL_MEMORY. reader_free - of a zeroed reader:
 * nothing. */
int reader_init(struct reader *r, const struct adapted *a);
void reader_free(struct reader *r);

/* reader_room - tokens that a text may have: the model's positions less the rows that the method
 * inserts, or R->limit if that is less. */
int reader_room(const struct reader *r);

/* reader_run - the forward pass of TEXT [size], or of the pair of TEXT and B if B is not NULL.
 * What exceeds reader_room is left out. Errors: those of model_fwd; FAIL_INPUT: a pair, but the
 * model has one type of tokens. */
int reader_run(struct reader *r, const char *text, size_t size, const char *b, size_t b_size);
#endif
