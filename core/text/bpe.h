/* bpe.h - byte-level byte-pair encoding (Sennrich et al. 2016; Radford et al. 2019). Private to
 * core/text.
 *
 * A piece of the vocabulary is a string of bytes, each of which the files write as a printable
 * character: itself, or one from U+0100 on. A word begins as one piece a byte; then, of all
 * neighbors that the merges name, those that come first in the merges, and of them the leftmost,
 * become one piece, until there are none. */
#ifndef BPE_H
#define BPE_H

#include "core/text/pretok.h"
#include "core/text/spec.h"

struct bpe_merge {
    int left, right, to; /* ids of pieces */
};
struct bpe_spec {
    struct tok_spec tok;
    struct pretok *pretok;
    struct bpe_merge *merge; /* [n_merges], in their order; of equal pairs the last one counts */
    int n_merges;
    bool ignore_merges; /* a word that is a piece is not merged */
    char *unk;          /* for a byte without a piece; NULL: it is dropped */
    bool fuse_unk;      /* neighbors become one */
    bool unmatched;     /* added tokens are not recognized in a text */
};

/* bpe_files - read vocab.json and merges.txt as transformers does, or encoder.json and vocab.bpe as
 * OpenAI's encoder.py does, which recognizes no special token in a text; bpe_json - read
 * tokenizer.json, bpe_gguf - read the GGUF file PATH. All complete S, of which bpe_spec_free
 * releases everything, in every case. Errors: FAIL_INPUT. */
int bpe_files(struct bpe_spec *s, const struct tok_folder *f);
int bpe_json(struct bpe_spec *s, const struct tok_folder *f);
int bpe_gguf(struct bpe_spec *s, const char *path);
void bpe_spec_free(struct bpe_spec *s);

/* bpe_add_merge - append the merge of the pieces A and B, texts of A_SIZE and B_SIZE bytes. Errors:
 * FAIL_INPUT, if the vocabulary has not both and the two together; WHERE is for the message. */
int bpe_add_merge(struct bpe_spec *s, const char *a, size_t a_size, const char *b, size_t b_size,
                  const char *where);

/* bpe_check_merges - can the merges make the pieces of the vocabulary? A few that they cannot make,
 * which no text reaches, are usual. Errors: FAIL_INPUT, for more than 2 %. */
int bpe_check_merges(const struct bpe_spec *s);

/* bpe_files_names - the pair of files in DIR that has the vocabulary and the merges: vocab.json and
 * merges.txt, or else encoder.json and vocab.bpe; false: there is neither's vocabulary. */
bool bpe_files_names(const char *dir, const char **vocab, const char **merges);

/* bpe_char - the character for a byte. bpe_byte - the byte for a character, or -1. */
uint32_t bpe_char(unsigned char byte);
int bpe_byte(uint32_t c);

/* The merging of words, with a cache of those that were there before. bpe_word appends the ids of
 * SIZE bytes; not for two threads at a time. */
struct bpe_words;
struct bpe_words *bpe_words_new(const struct bpe_spec *s);
void bpe_words_free(struct bpe_words *w);
void bpe_word(struct bpe_words *w, const char *word, size_t size, struct ids *out);
#endif
