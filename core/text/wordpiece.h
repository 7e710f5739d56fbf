/* wordpiece.h - what the files of a model folder say about a WordPiece tokenizer. Private to
 * core/text. */
#ifndef WORDPIECE_H
#define WORDPIECE_H

#include "core/text/added.h"

#include <jansson.h>

enum { CLS, SEP, PAD, UNK, MASK, N_SPECIAL };
enum { MAX_ID = 1 << 24 };
enum { WORD_CHARS = 100, MAX_WORD_CHARS = 1000 }; /* the default and the limit of max_chars */

struct wordpiece_spec {
    json_t *vocab;                 /* piece: id */
    char *prefix;                  /* of a piece that continues a word: "##" */
    int max_chars;                 /* a longer word becomes a single unk_token */
    bool clean, cjk, lower, strip; /* as norm_bert has them */
    struct added added;            /* tokens that are matched in the text before it is split */
    char *special[N_SPECIAL];      /* names; NULL: none */
    int special_id[N_SPECIAL];     /* -1: none, which only [MASK] may be */
    char *path;                    /* the file that has the vocabulary */
};

/* wordpiece_spec_load - read the tokenizer of the folder DIR: tokenizer.json if it exists, else
 * vocab.txt, which transformers completes with tokenizer_config.json, added_tokens.json, and
 * special_tokens_map.json. Where two files contradict each other about a token's id, or a setting
 * is one that WordPiece here does not compute, the message names the file and the key. The caller
 * calls wordpiece_spec_free, in every case. Errors: FAIL_INPUT. */
int wordpiece_spec_load(struct wordpiece_spec *s, const char *dir);
void wordpiece_spec_free(struct wordpiece_spec *s);

/* wordpiece_spec_json - the part of wordpiece_spec_load that reads tokenizer.json at PATH. */
int wordpiece_spec_json(struct wordpiece_spec *s, const char *path);

/* wordpiece_spec_add - add a token. ID is the id that the file PATH gives it, or -1 if it gives
 * none. As in the tokenizers package, a piece of the vocabulary keeps its id, and a new token gets
 * the next free one; another ID is an error. Does nothing for an empty token and for one that has
 * been added before. */
int wordpiece_spec_add(struct wordpiece_spec *s, const struct added_token *t, const char *path);

/* wordpiece_get_bool - the boolean KEY of J; if it is absent or null, *VALUE stays as it is. */
int wordpiece_get_bool(bool *value, const json_t *j, const char *key, const char *path);
#endif
