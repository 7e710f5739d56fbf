/* tok.h - from text to token ids. A kind of tokenizer NAME is one file core/text/tok_NAME.c with
 * "const struct tok_kind tok_kind_NAME"; the Makefile writes the table of them. A model folder is
 * read by the first kind that recognizes its files. */
#ifndef TOK_H
#define TOK_H

#include "core/base/base.h"
#include "core/base/utf8.h"

/* A growing list of token ids. ids_free does nothing for a zeroed list. */
struct ids {
    int *id;
    int n, cap;
};
void ids_push(struct ids *v, int id);
void ids_free(struct ids *v);

struct tok_kind {
    const char *name, *source;
    /* detect - does the folder contain files of this kind? */
    bool (*detect)(const char *dir);
    /* load - the tokenizer's state. Errors: NULL after FAIL_INPUT. */
    void *(*load)(const char *dir);
    void (*free)(void *state);
    /* encode - append the ids of SIZE bytes of UTF-8, without special tokens; invalid bytes are
     * read as U+FFFD. */
    void (*encode)(void *state, const char *text, size_t size, struct ids *out);
    /* piece - the text of an id; NULL: there is no such id. */
    const char *(*piece)(void *state, int id);
    int (*vocab)(void *state);
    void (*specials)(void *state, int *cls, int *sep, int *pad, int *unk);
    /* path - the file that has the vocabulary. */
    const char *(*path)(void *state);
};
extern const struct tok_kind *const tok_kind_table[]; /* generated, NULL-terminated */

/* tok_load - the tokenizer of a model folder. Errors: NULL after FAIL_INPUT, if the folder has no
 * known tokenizer or its files are wrong. tok_free - does nothing for NULL. tok_name - the name of
 * its kind. tok_vocab - the size of the vocabulary. tok_pad - the id of [PAD]. tok_piece - the text
 * of an id, or NULL. tok_path - the file that has the vocabulary. */
struct tok;
struct tok *tok_load(const char *dir);
void tok_free(struct tok *t);
const char *tok_name(const struct tok *t);
int tok_vocab(const struct tok *t);
int tok_pad(const struct tok *t);
const char *tok_piece(const struct tok *t, int id);
const char *tok_path(const struct tok *t);

/* tok_files - the names of the files in a model folder that a tokenizer reads, NULL-terminated: a
 * copy of the model must have those of them that exist. tok_file_matters - can the file NAME, one
 * of them, change a token id? False if it is absent or has only what is assumed without it. */
extern const char *const tok_files[];
bool tok_file_matters(const char *dir, const char *name);

/* tok_encode - append the ids of TEXT, without special tokens. */
void tok_encode(const struct tok *t, const char *text, size_t size, struct ids *out);

/* tok_pair - append the ids of a model's input: [CLS] a [SEP], or, unless B is NULL, [CLS] a [SEP]
 * b [SEP]. It has at most MAX_LEN tokens (0: no limit; special tokens always stay): the longer of
 * the two texts is truncated at its end, token by token, as transformers does with longest_first.
 * Unless SECOND is NULL, *SECOND is the index at which b begins (the number of ids if B is NULL).
 * Returns the number of tokens that were removed. */
int tok_pair(const struct tok *t, const char *a, const char *b, int max_len, struct ids *out,
             int *second);

/* tok_join - the same for texts of known size, which may contain NUL bytes. */
int tok_join(const struct tok *t, const char *a, size_t a_size, const char *b, size_t b_size,
             int max_len, struct ids *out, int *second);

/* Text as BERT's BasicTokenizer sees it, for the kinds (norm.c).
 * norm_bert - TEXT without control characters if CLEAN, with spaces around Chinese characters if
 * CJK, in lower case if LOWER, and without accents if STRIP; the caller frees it. */
bool is_bert_space(uint32_t c);
bool is_bert_control(uint32_t c);
bool is_bert_punct(uint32_t c);
bool is_cjk(uint32_t c);
char *norm_bert(const char *text, size_t size, bool clean, bool cjk, bool lower, bool strip,
                size_t *out_size);
#endif
