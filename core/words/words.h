/* words.h - texts as lists of words, for the scores of generated texts.
 *
 * A word is a number: that of its string in a vocabulary. So words are compared by comparing
 * numbers, and n-grams are counted without strings. */
#ifndef WORDS_H
#define WORDS_H

#include "core/base/base.h"

/* hash_bytes - a 64-bit hash of SIZE bytes. */
uint64_t hash_bytes(const void *data, size_t size);

/* Strings numbered from 0 in the order in which they first came. */
struct vocabulary {
    char **word;
    int *hash;
    int n, cap, n_hash;
};
/* vocabulary_id - the number of the N bytes at S, which is added if it is new. vocabulary_find -
 * the same, but -1 if there is no such word. vocabulary_free - does nothing for a zeroed struct. */
int vocabulary_id(struct vocabulary *v, const char *s, size_t n);
int vocabulary_find(const struct vocabulary *v, const char *s, size_t n);
void vocabulary_free(struct vocabulary *v);

/* The words of N texts: those of text i are id[first[i]] ... id[first[i + 1] - 1]. */
struct words {
    int *id, *first;
    int n, n_ids, cap;
};
/* words_begin - no texts yet. words_add - add a word to the text that is being written. words_end -
 * that text is complete. words_free - does nothing for a zeroed struct. words_of, words_count - the
 * words of text I, valid until words are added; how many there are. */
void words_begin(struct words *w, int n_texts);
void words_add(struct words *w, int id);
void words_end(struct words *w);
void words_free(struct words *w);
static inline const int *words_of(const struct words *w, int i)
{
    return w->id + w->first[i];
}
static inline int words_count(const struct words *w, int i)
{
    return w->first[i + 1] - w->first[i];
}

/* A tokenizer: the words of N texts, which it appends to W, with the numbers of V. The texts are
 * valid UTF-8 and end with NUL. */
typedef void words_fn(struct words *w, struct vocabulary *v, const char *const *text, int n);

/* words_of_line - append the words of LINE, separated by what Python's str.split() separates by, as
 * one text. */
void words_of_line(struct words *w, struct vocabulary *v, const char *line);
/* is_space - does Python's str.split() separate words by the character C? */
bool is_space(uint32_t c);
/* text_lower - a copy of S in lower case, as Python's str.lower() has it except for the final form
 * of the Greek sigma; the caller frees it. */
char *text_lower(const char *s);

words_fn words_space;  /* separated by white space, nothing else (words.c) */
words_fn words_13a;    /* as sacrebleu's tokenizer 13a (words_13a.c) */
words_fn words_mteval; /* as mteval-v13a.pl: the same in lower case of ASCII */
words_fn
    words_mteval_py;   /* as the Python version of that in e2e-metrics: lower case of Unicode, and
                             a text without words has one, the empty word */
words_fn words_tercom; /* as tercom with its normalization: lower case (words_13a.c) */
words_fn words_lower;  /* separated by white space, in lower case (words_13a.c) */
words_fn words_rouge;  /* as rouge-score: a to z and 0 to 9 in lower case (words_rouge.c) */
words_fn words_rouge_stem;
words_fn words_ptb; /* as the COCO scripts: PTBTokenizer without punctuation (ptb.c) */
#endif
