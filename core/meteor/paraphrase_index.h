/* paraphrase_index.h - the coded table of paraphrases as a file. */
#ifndef PARAPHRASE_INDEX_H
#define PARAPHRASE_INDEX_H

#include "core/meteor/paraphrases.h"

enum { PARAPHRASE_MOST = 15 }; /* words of a phrase */

/* What a table consists of: N_WORDS words, each ended by NUL, the most frequent first; and the
 * pairs whose first phrase begins with word i, from PAIRS + START[i] to PAIRS + START[i + 1], in
 * the order of the original table. All of it is checked to lie in the file. */
struct paraphrase_view {
    const char *path;
    uint32_t n_words;
    const uint64_t *start;
    const char *words;
    size_t words_size;
    const unsigned char *pairs;
};
struct paraphrase_view paraphrase_view(const struct paraphrase_table *t);
#endif
