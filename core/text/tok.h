/* tok.h - from text to token ids. A kind of tokenizer NAME is one file core/text/tok_NAME.c with
 * "const struct tok_kind tok_kind_NAME"; the Makefile writes the table of them. A model folder is
 * read by the first kind that recognizes its files. */
#ifndef TOK_H
#define TOK_H

#include "core/base/base.h"
#include "core/base/text.h"
#include "core/base/utf8.h"

/* A growing list of token ids. ids_free does nothing for a zeroed list. */
struct ids {
    int *id;
    int n, cap;
};
void ids_push(struct ids *v, int id);
void ids_free(struct ids *v);

/* What a special token is for. */
enum tok_role { TOK_BOS, TOK_EOS, TOK_UNK, TOK_SEP, TOK_PAD, TOK_CLS, TOK_MASK, N_TOK_ROLE };

/* The special tokens around a text, ONE[0] A ONE[1], and around two, TWO[0] A TWO[1] B TWO[2]. All
 * zero means that there are none. */
enum { TOK_RUN_MAX = 4 };
struct tok_run {
    int n, id[TOK_RUN_MAX];
};
struct tok_layout {
    struct tok_run one[2], two[3];
    bool typed;   /* the second part of a pair has type 1, as in BERT; else all have 0 */
    int type1_at; /* that part begins with this token of TWO[1]; TWO[1].n: with B */
};

/* What a kind says once about a tokenizer. The added tokens are the state's. */
struct added;
struct tok_facts {
    int vocab;            /* ids are from 0 to below it */
    int role[N_TOK_ROLE]; /* the id; -1: there is no such token */
    struct tok_layout layout;
    char *path; /* of the file that has the vocabulary; owned by the state */
    const struct added *added;
};

struct tok_folder; /* folder.h */
struct tok_kind {
    const char *name, *source;
    const char *model; /* model.type in a tokenizer.json of this kind */
    /* detect - does a folder without tokenizer.json contain files of this kind? */
    bool (*detect)(const struct tok_folder *f);
    /* load - the tokenizer's state, and FACTS. Errors: NULL after FAIL_INPUT. */
    void *(*load)(const struct tok_folder *f, struct tok_facts *facts);
    void (*free)(void *state);
    /* encode - append the ids of SIZE bytes, without the special tokens of the layout. Several
     * threads may call it at a time. */
    void (*encode)(void *state, const char *text, size_t size, struct ids *out);
    /* decode - append the text of N ids. */
    void (*decode)(void *state, const int *id, int n, struct text *out);
    /* piece - the id as the files write it; NULL: there is no such id. */
    const char *(*piece)(void *state, int id);
};
extern const struct tok_kind *const tok_kind_table[]; /* generated, NULL-terminated */

/* tok_load - the tokenizer of a model folder. Errors: NULL after FAIL_INPUT, if the folder has no
 * known tokenizer or its files are wrong. tok_free - does nothing for NULL. tok_name - the name of
 * its kind. tok_vocab - the size of the vocabulary. tok_types - how many token types pairs have, 2
 * or 1. tok_role - the id of the special token for a purpose, or -1. tok_is_special - is it a
 * special token? tok_piece - an id as the files write it, such as "##ed" or "\xC4\xA0the", or NULL.
 * tok_path - the file that has the vocabulary. */
struct tok;
struct tok *tok_load(const char *dir);
void tok_free(struct tok *t);
const char *tok_name(const struct tok *t);
int tok_vocab(const struct tok *t);
int tok_role(const struct tok *t, enum tok_role r);
int tok_types(const struct tok *t);
bool tok_is_special(const struct tok *t, int id);
const char *tok_piece(const struct tok *t, int id);
const char *tok_path(const struct tok *t);

/* tok_files - the names of the files in a model folder that a tokenizer reads, NULL-terminated: a
 * copy of the model must have those of them that exist. tok_file_matters - can the file NAME, one
 * of them, change a token id? False if it is absent, is not read because of another one, or has
 * only what is assumed without it. */
extern const char *const tok_files[];
bool tok_file_matters(const char *dir, const char *name);

/* tok_decode - append the text of N ids, which need not be UTF-8 where a character is cut; without
 * the special tokens if SKIP_SPECIAL. Ids that do not exist have no text. */
void tok_decode(const struct tok *t, const int *id, int n, bool skip_special, struct text *out);

/* tok_encode - append the ids of TEXT, without the special tokens of the layout; those that TEXT
 * itself contains are recognized. */
void tok_encode(const struct tok *t, const char *text, size_t size, struct ids *out);

/* tok_begin - append the special tokens before a text, such as BOS, if the layout has them. */
void tok_begin(const struct tok *t, struct ids *out);

/* tok_pair - append the ids of a model's input: A with the special tokens around it, as in "[CLS] a
 * [SEP]", or, unless B is NULL, both texts, as in "[CLS] a [SEP] b [SEP]". It has at most MAX_LEN
 * tokens (0: no limit; special tokens always stay): the longer of the two texts is truncated at its
 * end, token by token, as transformers does with longest_first. Unless SECOND is NULL, *SECOND is
 * the index from which tokens have type 1 (the number of ids if none has). Returns the number of
 * tokens that were removed. */
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
