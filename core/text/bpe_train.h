/* bpe_train.h - learning a byte-level BPE vocabulary from text (Sennrich et al. 2016; Radford et
 * al. 2019).
 *
 * Texts are split into words by GPT-2's pattern, and each distinct word begins as one piece a byte.
 * Then the pair of neighboring pieces with the highest count over all words becomes a piece, again
 * and again. Of pairs with equal counts the one with the smaller ids is first. Ids, merges, and
 * ties are those of BpeTrainer in the tokenizers package (0.23) with its ByteLevel pre-tokenizer
 * and alphabet: the special token has id 0, the 256 bytes follow in the order of their characters,
 * and then the pieces in the order of their merges. */
#ifndef BPE_TRAIN_H
#define BPE_TRAIN_H

#include <stddef.h>

/* The token between documents, and the number of tokens without a merge: it and the bytes. */
extern const char bpe_train_end[]; /* "<|endoftext|>" */
enum { BPE_TRAIN_LEAST = 257 };

struct bpe_train;
struct bpe_train *bpe_train_new(void);
void bpe_train_free(struct bpe_train *t); /* of NULL: nothing */

/* bpe_train_add - count the words of a text of SIZE bytes of valid UTF-8; no word reaches from one
 * text into the next. */
void bpe_train_add(struct bpe_train *t, const char *text, size_t size);

/* bpe_train_merge - learn merges until the vocabulary has VOCAB tokens, from BPE_TRAIN_LEAST on,
 * and every merge joins a pair that occurs at least LEAST times. Call it once, after all texts.
 * Returns the size of the vocabulary, which is smaller than VOCAB if the texts have no further such
 * pair. Errors: -1 after FAIL_STOPPED. */
int bpe_train_merge(struct bpe_train *t, int vocab, long least);

/* bpe_train_write - vocab.json, merges.txt, and tokenizer_config.json in the folder DIR, for
 * GPT2Tokenizer of transformers; CONTEXT is the longest text of the model. Errors: FAIL_STORE. */
int bpe_train_write(const struct bpe_train *t, const char *dir, int context);
#endif
