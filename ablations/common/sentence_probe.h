/* sentence_probe.h - zero-shot sentence similarity of an encoder: what it can do without any
 * training for it, and may lose by training on something else. */
#ifndef SENTENCE_PROBE_H
#define SENTENCE_PROBE_H

#include "ablations/common/encode.h"

/* Pairs of sentences from the dev split of STS-B (Cer et al. 2017), whose similarity people judged.
 */
struct sentence_probe {
    struct dataset first, second; /* the first and the second sentence of each pair */
};

/* sentence_probe_load - N pairs (0: all), tokenized as MODEL does it. sentence_probe_score -
 * Spearman's correlation between the cosine of the two sentences' embeddings that M computes (the
 * means of their last hidden states) and the scores that people gave. sentence_probe_free - of a
 * zeroed struct: nothing. Errors: those of encode_set and encode_texts. */
int sentence_probe_load(struct sentence_probe *p, struct session *ses, const char *model, long n);
int sentence_probe_score(double *rho, const struct model *m, const struct sentence_probe *p);
void sentence_probe_free(struct sentence_probe *p);

/* sentence_probe_check - are there files of the task? For a check before long work: 0, or -1
 * after FAIL_INPUT. */
int sentence_probe_check(struct session *ses);
#endif
