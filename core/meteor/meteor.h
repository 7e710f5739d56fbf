/* meteor.h - METEOR 1.5 for English (Denkowski and Lavie 2014), as meteor-1.5.jar computes it with
 * its default parameters: words match if they are equal, have the same stem, share a synset of
 * WordNet, or belong to phrases of the paraphrase table; a beam search takes the best alignment;
 * the score is
 *
 *     P, R     weighted matches / weighted length of the hypothesis and of the reference
 *     F        P R / (alpha P + (1 - alpha) R)
 *     score    F (1 - gamma (chunks / matches)^beta)
 *
 * with alpha 0.85, beta 0.2, gamma 0.6; delta 0.75 for content words and 0.25 for function words;
 * and 1, 0.6, 0.8, 0.6 for the four kinds of matches. */
#ifndef METEOR_H
#define METEOR_H

#include "core/words/words.h"

/* The tables that METEOR needs; constant after meteor_open. */
struct meteor;

/* meteor_open - the tables of the folder DIR that 'lowrank fetch meteor' makes: meteor-1.5.jar
 * (function words, prefixes, synonyms) and data/paraphrase-en.gz. An index of the latter is made
 * beside it at the first use. Without the folder, synonyms are read from WordNet's dictionary files
 * (WNSEARCHDIR, else Debian's); what else is missing says meteor_missing. Errors: FAIL_TOOL:
 * neither the folder nor WordNet is there; FAIL_INPUT: a file is damaged; FAIL_MEMORY. meteor_close
 * - does nothing for NULL. */
int meteor_open(struct meteor **m, const char *dir);
void meteor_close(struct meteor *m);

/* meteor_missing - what is not there, in words, and how to get it; "" if everything is there. */
const char *meteor_missing(const struct meteor *m);

/* The sufficient statistics of segments, which are added: sums over segments give the score of all
 * of them. M_MATCH + 4 k + ...: of matches of kind k, content words of the hypothesis and of the
 * reference, function words of each. */
enum {
    M_HYP,
    M_REF,
    M_HYP_FUNCTION,
    M_REF_FUNCTION,
    M_MATCH,
    M_CHUNKS = M_MATCH + 16,
    METEOR_STATS
};
/* meteor_score - the score of statistics; 0 if it is undefined, as for empty texts. */
double meteor_score(const double *stats);

/* meteor_measure - for segment i of N, hypothesis HYP[i] against references REF[FIRST[i]] ...
 * REF[FIRST[i + 1] - 1]: the statistics for the reference with the best score, STATS [N,
 * METEOR_STATS], and that score, SEGMENT [N]. The chunk of a hypothesis that equals the reference
 * does not count in STATS, as it costs nothing. Errors: FAIL_INPUT: a text has too many words. */
int meteor_measure(const struct meteor *m, double *stats, double *segment, const char *const *hyp,
                   const char *const *ref, const int *first, int n);
#endif
