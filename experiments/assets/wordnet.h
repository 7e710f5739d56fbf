/* wordnet.h - tasks made from WordNet 3.0's dictionary files (Debian's wordnet-base). */
#ifndef WORDNET_H
#define WORDNET_H

#include "core/base/base.h"

/* A synset: one meaning. */
struct synset {
    char id[12];   /* "n00002452": part of speech and offset, unique */
    int lexname;   /* 0..44: index in wordnet_lexnames */
    char *gloss;   /* the definition: text after '|' without the quoted examples */
    int *hypernym; /* indices of its direct hypernyms ('@' pointers) */
    int n_hypernyms;
    int split; /* 0 train, 1 dev, 2 test: by a hash of id */
};
struct wordnet {
    struct synset *s;
    int n;
};
extern const char *const wordnet_lexnames[46]; /* "adj.all", ..., NULL */

/* wordnet_load - read data.noun, data.verb, data.adj, data.adv from WNSEARCHDIR, else Debian's
 * folder. Errors: FAIL_TOOL when they are not there (names the package), FAIL_INPUT with file:line
 * when malformed. */
int wordnet_load(struct wordnet *w);
void wordnet_free(struct wordnet *w);

/* wordnet_write - make train.tsv, dev.tsv and test.tsv of TASK in DIR.
 *   supersense  gloss -> lexicographer class (45).
 *   hypernym    gloss a, gloss b -> is a a kind of b? Every direct link of nouns and verbs within
 *               a split, and for each of them a "no": by the hash of the pair the same two
 *               reversed, or a with the hypernym of another.
 * No gloss stands in two splits (compared without case): a gloss of test is dropped from dev and
 * train, one of dev from train. Deterministic. Errors: FAIL_USAGE for another TASK, FAIL_STORE. */
int wordnet_write(const struct wordnet *w, const char *task, const char *dir);
#endif
