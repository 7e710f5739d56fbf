/* sentence.h - what sentence-transformers keeps in a model folder beside the model. */
#ifndef SENTENCE_H
#define SENTENCE_H

#include "core/text/tok.h"

/* sentence_files - the names of its files that may limit the length of texts, NULL-terminated; a
 * folder has one of them at most.
 * sentence_tok - tok_load of a model folder, except that do_lower_case in one of these files is
 * refused when the tokenizer distinguishes upper and lower case: sentence-transformers would make
 * the text lower-case before it is tokenized. Errors: those of tok_load, and FAIL_INPUT. */
extern const char *const sentence_files[];
struct tok *sentence_tok(const char *dir);

/* sentence_max_len - *OUT is the number of tokens to which sentence-transformers truncates a text:
 * max_seq_length of one of sentence_files, else model_max_length of tokenizer_config.json, else 0,
 * for no limit but the model's positions. Errors: FAIL_INPUT, if the number is not a whole number
 * from 3. */
int sentence_max_len(int *out, const char *dir);
#endif
