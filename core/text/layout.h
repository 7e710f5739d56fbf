/* layout.h - the special tokens around the texts of an input. Private to core/text. */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "core/text/spec.h"

/* layout_set - [CLS] A [SEP] B [SEP] of BERT, or, if ROBERTA, <s> A </s></s> B </s>. */
void layout_set(struct tok_layout *l, bool roberta, int cls, int sep);

/* layout_ends - BOS before and EOS after each text; -1: nothing. */
void layout_ends(struct tok_layout *l, int bos, int eos);

/* layout_json - the layout of the "post_processor" of tokenizer.json, which may be absent, and the
 * special tokens that it names: the first one of a text is S->special[TOK_CLS], and the last one
 * S->special[TOK_SEP], unless the layout has none. Errors: FAIL_INPUT, also if it gives a token
 * another id than S->vocab and S->added do. */
int layout_json(struct tok_spec *s, const json_t *root);
#endif
