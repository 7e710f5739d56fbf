/* paraphrases.h - METEOR's table of phrases that mean the same. */
#ifndef PARAPHRASES_H
#define PARAPHRASES_H

#include "core/words/ngrams.h"

/* The table of 5 million pairs, coded and grouped by the first word of the first phrase. It lies in
 * a mapped file, or in memory if that cannot be written. */
struct paraphrase_table;

/* paraphrase_open - the table of the folder DIR, from paraphrase.idx, which is made from
 * paraphrase-en.gz if it is missing or was made from another file. Errors: FAIL_INPUT.
 * paraphrase_close - does nothing for NULL. */
int paraphrase_open(struct paraphrase_table **t, const char *dir);
void paraphrase_close(struct paraphrase_table *t);

/* The pairs of the table that have no other words than those of a vocabulary. A phrase is an
 * n-gram of its numbers; its paraphrases, in the order of the table, begin at HEAD[n-gram]. */
struct paraphrase {
    int first, n, next; /* WORDS[first] ...; NEXT: the next one, or -1 */
};
struct paraphrases {
    struct ngrams phrases;
    int *head, *tail, n_heads;
    struct paraphrase *p;
    int n, cap;
    int *words, n_words, cap_words;
};
/* paraphrases_select - select from T for V. Errors: FAIL_INPUT: the file is damaged.
 * paraphrases_free - does nothing for a zeroed struct. */
int paraphrases_select(struct paraphrases *p, const struct paraphrase_table *t,
                       const struct vocabulary *v);
void paraphrases_free(struct paraphrases *p);

/* paraphrases_find - the n-gram of phrases that extends PREFIX (-1: nothing) by WORD, or -1; and
 * paraphrases_head - the first paraphrase of an n-gram, or -1. */
int paraphrases_find(const struct paraphrases *p, int prefix, int word);
int paraphrases_head(const struct paraphrases *p, int ngram);
#endif
