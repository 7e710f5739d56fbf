/* wordnet.h - tasks made from WordNet 3.0's dictionary files (Debian's wordnet-base). */
#ifndef WORDNET_H
#define WORDNET_H

#include "core/base/base.h"

/* A synset: one meaning. */
struct synset {
    char id[12];   /* "n00002452": part of speech and offset, unique */
    int lexname;   /* 0..44: index in wordnet_lexnames */
    char *words;   /* its words, "dog, domestic dog, Canis familiaris" */
    char *gloss;   /* the definition: what follows '|', without the quoted examples */
    int *hypernym; /* indices of its direct hypernyms ('@' pointers) */
    int n_hypernyms;
    int split; /* 0 train, 1 dev, 2 test: by a hash of id */
};
struct wordnet {
    struct synset *s;
    int n;
};
extern const char *const wordnet_lexnames[46]; /* "adj.all", ..., NULL */

/* wordnet_load - read data.noun, data.verb, data.adj and data.adv from the folder WNSEARCHDIR, by
 * default Debian's. Errors: FAIL_TOOL, naming the package, if one is missing; FAIL_INPUT with
 * file:line if one is malformed. */
int wordnet_load(struct wordnet *w);
void wordnet_free(struct wordnet *w);

/* wordnet_write - write train.tsv, dev.tsv and test.tsv of TASK into DIR.
 *   supersense  gloss -> lexicographer class (45 of them)
 *   hypernym    gloss a, gloss b -> is a a kind of b? A "yes" for every direct hypernym link of
 *               nouns and verbs within a split, and for each of them a "no": depending on a hash of
 *               the pair, the same two glosses in reverse order, or a with the hypernym of another
 *               synset.
 *   define      words and class -> gloss; no words are in two splits either
 * No gloss is in two splits (compared without case): a gloss that is in test is left out of dev and
 * train, one that is in dev is left out of train. The files are always the same; one that exists
 * with another content is not replaced. Errors: FAIL_USAGE for another TASK, FAIL_INPUT for such a
 * file, FAIL_STORE. */
int wordnet_write(const struct wordnet *w, const char *task, const char *dir);
#endif
