/* align.h - the alignment of METEOR: which words of two texts match, as few chunks as possible. */
#ifndef ALIGN_H
#define ALIGN_H

#include "core/meteor/paraphrases.h"

enum { MATCH_EXACT, MATCH_STEM, MATCH_SYNONYM, MATCH_PARAPHRASE, MATCH_KINDS };

/* What matching needs to know of a word of the vocabulary. */
struct align_word {
    int32_t hash, stem_hash; /* words are equal if these are, as in the original */
    int *synsets; /* a list in increasing order, of which the first says how many follow */
    bool function;
};

/* The result: how many words of the hypothesis (0) and of the reference (1) are in matches of each
 * kind, content and function words apart, and the number of chunks. */
struct alignment {
    int content[2][MATCH_KINDS], function[2][MATCH_KINDS];
    int chunks;
};

/* align - align the words HYP [N_HYP] with REF [N_REF], whose numbers are indices of WORDS and
 * words of P (NULL: no paraphrases). False: there are more than ALIGN_MOST possible matches. */
enum { ALIGN_MOST = 1 << 20 };
bool align(struct alignment *a, const struct align_word *words, const struct paraphrases *p,
           const int *hyp, int n_hyp, const int *ref, int n_ref);
#endif
