/* spec.h - what the files of a model folder say about a tokenizer of any kind: the pieces, the
 * added tokens, the special tokens. Private to core/text. */
#ifndef SPEC_H
#define SPEC_H

#include "core/text/added.h"
#include "core/text/folder.h"
#include "core/text/tok.h"

enum { MAX_ID = 1 << 24 };

struct tok_spec {
    json_t *vocab; /* piece: id */
    struct added added;
    char *special[N_TOK_ROLE]; /* the tokens' texts; NULL: none */
    int role[N_TOK_ROLE];      /* their ids; -1: none */
    struct tok_layout layout;
    char *path; /* the file that has the vocabulary */
};

/* What is assumed of a special token that the files do not name, and what becomes of one that is
 * not in the vocabulary. */
struct tok_default {
    const char *text;                                    /* NULL: there is none */
    enum { TOK_ADDED, TOK_LEFT_OUT, TOK_NEEDED } absent; /* NEEDED: an error, and so is null */
};

/* spec_free - release everything in S. spec_facts - the facts that S has. */
void spec_free(struct tok_spec *s);
void spec_facts(struct tok_facts *facts, const struct tok_spec *s);

/* spec_check_vocab - are the ids of S->vocab whole numbers that are not used twice? Errors:
 * FAIL_INPUT. spec_id - the id of an added token or a piece; -1: there is none. */
int spec_check_vocab(const struct tok_spec *s);
int spec_id(const struct tok_spec *s, const char *text);

/* spec_add - add a token. ID is the id that the file PATH gives it, or -1 if it gives none. As in
 * the tokenizers package, a piece of the vocabulary keeps its id, and a new token gets the next
 * free one; another ID is an error. Does nothing for an empty token and for one that has been added
 * before. Errors: FAIL_INPUT. */
int spec_add(struct tok_spec *s, const struct added_token *t, const char *path);

/* spec_json_added - the "added_tokens" of tokenizer.json. Errors: FAIL_INPUT. */
int spec_json_added(struct tok_spec *s, const json_t *root);

/* spec_tokens - the special tokens by their names in tokenizer_config.json or
 * special_tokens_map.json, unless S->special has them already, else DEFAULTS, and the added tokens
 * that tokenizer_config.json, added_tokens.json and special_tokens_map.json have beside the
 * vocabulary. Where two files contradict each other about a token's id the message names the file
 * and the token. Errors: FAIL_INPUT. */
int spec_tokens(struct tok_spec *s, const struct tok_folder *f,
                const struct tok_default defaults[N_TOK_ROLE]);
#endif
