/* end_tokens.h - the tokens at which a model's text ends. */
#ifndef END_TOKENS_H
#define END_TOKENS_H

#include "core/generate/gen_settings.h"
#include "core/text/tok.h"

/* end_tokens - END [n] for the model in the folder DIR with VOCAB words: those of ASKED, ids or
 * pieces between commas ("none": there are none); or without it eos_token_id of
 * generation_config.json, else of config.json, as transformers has them, else the tokenizer's (T
 * may be NULL). Returns how many. Errors: -1 after FAIL_USAGE or FAIL_INPUT. */
int end_tokens(int end[GEN_MOST_ENDS], const char *asked, const char *dir, const struct tok *t,
               int vocab);
#endif
