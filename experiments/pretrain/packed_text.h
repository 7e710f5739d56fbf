/* packed_text.h - documents as one stream of tokens, cut into the examples of a language model.
 *
 * The stream is <|endoftext|> and a document, again and again, and <|endoftext|> at its end. An
 * example is a window of CONTEXT tokens whose first token is the last one of the window before, so
 * that every token of the stream but the first one is predicted exactly once. */
#ifndef PACKED_TEXT_H
#define PACKED_TEXT_H

#include "core/data/dataset.h"
#include "core/os/pool.h"
#include "experiments/pretrain/corpus.h"

struct packed_text {
    struct dataset train; /* whole windows; what is left at the end is not used */
    struct dataset held;  /* the last window may be shorter */
};

/* packed_text_make - tokenize the documents of C with the tokenizer in the folder DIR, in the
 * threads of POOL. The caller frees P with packed_text_free. Errors: FAIL_INPUT: CONTEXT is longer
 * than the text; FAIL_STOPPED. */
int packed_text_make(struct packed_text *p, const struct corpus *c, const char *dir, int context,
                     struct pool *pool);
void packed_text_free(struct packed_text *p); /* of a zeroed one: nothing */

/* packed_text_bits - bits per byte on the held-out text at a loss of LOSS nats per token: the sum
 * of the loss over all predicted tokens, also those that end documents, divided by the bytes of the
 * documents and by ln 2. */
double packed_text_bits(const struct packed_text *p, const struct corpus *c, double loss);
#endif
