/* wordpiece.h - what the files of a model folder say about a WordPiece tokenizer. Private to
 * core/text. */
#ifndef WORDPIECE_H
#define WORDPIECE_H

#include "core/text/spec.h"

enum { WORD_CHARS = 100, MAX_WORD_CHARS = 1000 }; /* the default and the limit of max_chars */

struct wordpiece_spec {
    struct tok_spec tok;           /* whose roles all exist, except bos, eos, and mask */
    char *prefix;                  /* of a piece that continues a word: "##" */
    int max_chars;                 /* a longer word becomes a single unk_token */
    bool clean, cjk, lower, strip; /* as norm_bert has them */
};

/* wordpiece_spec_load - read the tokenizer of a folder: tokenizer.json if it exists, else
 * vocab.txt, which transformers completes with tokenizer_config.json, added_tokens.json, and
 * special_tokens_map.json. A setting that WordPiece here does not compute is refused with the file
 * and the key. The caller calls wordpiece_spec_free, in every case. Errors: FAIL_INPUT. */
int wordpiece_spec_load(struct wordpiece_spec *s, const struct tok_folder *f);
void wordpiece_spec_free(struct wordpiece_spec *s);

/* wordpiece_spec_json - the part of wordpiece_spec_load that reads tokenizer.json. */
int wordpiece_spec_json(struct wordpiece_spec *s, const json_t *root);
#endif
