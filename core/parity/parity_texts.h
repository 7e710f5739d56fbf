/* parity_texts.h - the check of recorded log-probabilities of texts. Private to core/parity.
 * Layer 3. */
#ifndef PARITY_TEXTS_H
#define PARITY_TEXTS_H

#include "core/parity/parity_compare.h"

/* parity_texts - compare what the decoder says of each text in E ("texts" in parity.h). Errors:
 * FAIL_INPUT, FAIL_MEMORY. */
int parity_texts(struct parity *p, struct expected *e);

/* parity_logprobs - LOGITS has a row for each of N_TOK tokens, and NEXT the token that follows, or
 * -1: append the log-probability of each that follows to X. */
void parity_logprobs(double *x, struct mat logits, const int *next, int n_tok);
#endif
