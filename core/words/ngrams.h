/* ngrams.h - n-grams as numbers, and how often they occur. */
#ifndef NGRAMS_H
#define NGRAMS_H

#include "core/words/words.h"

/* An n-gram is the (n-1)-gram before its last word, and that word: so it is a number as well. COUNT
 * and BEST are for whoever counts; they are 0 for a new n-gram. */
struct ngram {
    int prefix, word, order; /* PREFIX: -1 for order 1 */
    int count, best;
};
struct ngrams {
    struct ngram *g;
    int n, cap, *hash, n_hash;
};
/* ngrams_id - the number of the n-gram, which is added if it is new. ngrams_find - the same, but -1
 * if there is no such n-gram. ngrams_free - does nothing for a zeroed struct. */
int ngrams_id(struct ngrams *s, int prefix, int word);
int ngrams_find(const struct ngrams *s, int prefix, int word);
void ngrams_free(struct ngrams *s);

/* ngrams_list - the n-grams of orders 1 to MOST of the N words W, in the order in which they begin,
 * shorter ones first: their numbers in LIST, which has room for MOST * N. Returns how many. */
int ngrams_list(struct ngrams *s, const int *w, int n, int most, int *list);

/* The n-grams of a list that a segment's references have as well, per order (from 1). */
enum { NGRAM_MOST = 5 };
struct ngram_match {
    int hyp[NGRAM_MOST + 1], match[NGRAM_MOST + 1]; /* how many the hypothesis has; both have */
};
/* ngrams_match - compare the words HYP [N_HYP] with references FIRST to LAST - 1 of REF, up to
 * order MOST: each n-gram of the hypothesis counts as often as in the reference that has it most
 * often. If HIT is not NULL, it is called for every n-gram that both have, with that number. */
void ngrams_match(struct ngram_match *m, struct ngrams *s, const int *hyp, int n_hyp,
                  const struct words *ref, int first, int last, int most,
                  void (*hit)(void *arg, int ngram, int times), void *arg);

/* ngrams_closest - the length among those of references FIRST to LAST - 1 that is closest to
 * LENGTH, the shorter of two. */
int ngrams_closest(const struct words *ref, int first, int last, int length);
#endif
