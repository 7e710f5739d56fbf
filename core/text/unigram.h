/* unigram.h - SentencePiece's unigram model (Kudo 2018). Private to core/text.
 *
 * A text is normalized and then split into those pieces of the vocabulary whose scores have the
 * largest sum. A character without a piece costs as much as the worst piece and 10 more; neighbors
 * of that kind become one unknown token.
 *
 * The two forms of its files differ. spm.model is read as SentencePiece does it: one normalization
 * by rule, the text as a whole, sums in single precision. tokenizer.json is read as the tokenizers
 * package does it: a list of steps, then each word by itself, sums in double precision. */
#ifndef UNIGRAM_H
#define UNIGRAM_H

#include "core/text/charsmap.h"
#include "core/text/spec.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum unigram_type {
    UNIGRAM_NORMAL,
    UNIGRAM_UNKNOWN,
    UNIGRAM_CONTROL,
    UNIGRAM_USER,
    UNIGRAM_UNUSED
};
struct unigram_piece {
    char *text;
    double score;
    enum unigram_type type;
};

/* A step of normalization. */
struct unigram_step {
    enum { STEP_MAP, STEP_REPLACE, STEP_FORM, STEP_LOWER, STEP_STRIP, STEP_PREPEND } kind;
    struct charsmap map;
    pcre2_code *pattern; /* STEP_REPLACE */
    char *text;          /* what replaces it, or is prepended */
    int form;            /* flags of utf8proc */
    bool left, right;    /* STEP_STRIP */
};

struct unigram_trie;
struct unigram_spec {
    struct tok_spec tok;
    struct unigram_piece *piece; /* [n], by id; a text NULL: no piece has the id */
    int n, unk;                  /* unk: the id; -1: there is none */
    bool byte_fallback;          /* an unknown character becomes the pieces <0x..> of its bytes */
    /* spm.model */
    bool is_spm, dummy_prefix, squeeze, escape;
    struct charsmap map;
    const struct unigram_trie *user; /* its user-defined pieces are not normalized; NULL: none */
    /* tokenizer.json */
    struct unigram_step *step;
    int n_steps;
    enum { PREPEND_NEVER, PREPEND_FIRST, PREPEND_ALWAYS } prepend;
    bool split;
};

/* unigram_spm - read spm.model, and the JSON files beside it. unigram_json - read tokenizer.json.
 * Both complete S, of which unigram_spec_free releases everything, in every case. Errors:
 * FAIL_INPUT. unigram_add - append a piece, whose id is the number of those before it. WHERE is for
 * the message of FAIL_INPUT, when there is such a piece already. */
int unigram_spm(struct unigram_spec *s, const struct tok_folder *f);
int unigram_json(struct unigram_spec *s, const struct tok_folder *f);
void unigram_spec_free(struct unigram_spec *s);
int unigram_add(struct unigram_spec *s, const char *text, size_t size, double score,
                enum unigram_type type, const char *where);

/* unigram_normalize - append the normalized SIZE bytes. */
void unigram_normalize(const struct unigram_spec *s, const char *text, size_t size,
                       struct text *out);

/* The search for the best split, over S, which must outlive it. unigram_split - append the ids of
 * SIZE normalized bytes; for several threads at a time. */
struct unigram_trie *unigram_trie_new(const struct unigram_spec *s);
void unigram_trie_free(struct unigram_trie *t);
void unigram_split(const struct unigram_trie *t, const char *text, size_t size, struct ids *out);

/* unigram_longest - the length of the longest user-defined piece that TEXT begins with; 0: none. */
size_t unigram_longest(const struct unigram_trie *t, const char *text, size_t size);

/* The character that stands for a space in pieces, U+2581. */
#define UNIGRAM_SPACE "\xE2\x96\x81"
enum { UNIGRAM_SPACE_SIZE = 3 };
#endif
