/* tok.h - text to token ids. A tokenizer is one file core/text/tok_NAME.c with "const struct
 * tok_kind tok_kind_NAME"; found by looking at a model folder. Layer 1. */
#ifndef TOK_H
#define TOK_H

#include "core/base/base.h"

/* A growing list of token ids. */
struct ids {
    int *id;
    int n, cap;
};
void ids_push(struct ids *v, int id);
void ids_free(struct ids *v);

struct tok; /* a loaded tokenizer: one of these kinds with its tables */
struct tok_kind {
    const char *name, *source;
    bool (*detect)(const char *dir); /* does this folder hold my files? */
    void *(*load)(const char *dir);  /* NULL after fail(FAIL_INPUT) */
    void (*free)(void *state);
    /* Append the ids of TEXT (SIZE bytes of UTF-8; invalid bytes become U+FFFD), no special tokens.
     */
    void (*encode)(void *state, const char *text, size_t size, struct ids *out);
    const char *(*piece)(void *state, int id); /* text of one id; NULL: no such id */
    int (*vocab)(void *state);
    void (*specials)(void *state, int *cls, int *sep, int *pad, int *unk);
};
extern const struct tok_kind *const tok_kind_table[]; /* generated, NULL-terminated */

/* tok_load - the tokenizer of a model folder. Errors: FAIL_INPUT (nothing fits; a bad file, its
 * line). */
struct tok *tok_load(const char *dir);
void tok_free(struct tok *t);
const char *tok_name(const struct tok *t);
int tok_vocab(const struct tok *t);
int tok_pad(const struct tok *t);
const char *tok_piece(const struct tok *t, int id);

/* tok_encode - ids of TEXT without special tokens, appended. */
void tok_encode(const struct tok *t, const char *text, size_t size, struct ids *out);

/* tok_pair - ids of a model input: [CLS] a [SEP], or [CLS] a [SEP] b [SEP] when B is not NULL, at
 * most MAX_LEN tokens (0: no limit; special tokens always stay): the longer of the two is cut
 * first, token by token, from its end, as transformers' longest_first does. *second (may be NULL)
 * is the index where segment 1 begins (n when B is NULL). Returns the number of tokens cut off. */
int tok_pair(const struct tok *t, const char *a, const char *b, int max_len, struct ids *out,
             int *second);
/* tok_join - the same for text of a known size, which may hold NUL bytes. */
int tok_join(const struct tok *t, const char *a, size_t a_size, const char *b, size_t b_size,
             int max_len, struct ids *out, int *second);

/* Unicode helpers of BERT's BasicTokenizer (utf8proc), used by kinds. See norm.c. */
uint32_t utf8_next(const char **p,
                   const char *end); /* invalid: U+FFFD, advances at least one byte */
bool is_bert_space(uint32_t c);
bool is_bert_control(uint32_t c);
bool is_bert_punct(uint32_t c);
bool is_cjk(uint32_t c);
/* norm_bert - clean, space CJK, and when LOWER lower-case and strip accents; new text, caller
 * frees. */
char *norm_bert(const char *text, size_t size, bool clean, bool cjk, bool lower, bool strip,
                size_t *out_size);
#endif
