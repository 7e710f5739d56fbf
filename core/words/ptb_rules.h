/* ptb_rules.h - what is a word for ptb.c. */
#ifndef PTB_RULES_H
#define PTB_RULES_H

#include "core/words/lexer.h"

/* What becomes of a match. */
enum ptb_action {
    PTB_KEEP,    /* a token as it is */
    PTB_SPACE,   /* no token */
    PTB_NEWLINE, /* the end of a text */
    PTB_JOIN,    /* a token whose spaces become U+00A0 */
    PTB_PHONE,   /* the same, with parentheses written as -LRB- and -RRB- */
    PTB_LEAVE_2, /* a token without its last two characters, which are read again */
    PTB_LEAVE_3,
    PTB_WORD,     /* a token without soft hyphens */
    PTB_AMP,      /* &amp; becomes & */
    PTB_DASH,     /* "--" */
    PTB_HYPHENS,  /* the same for three or four hyphens, else as it is */
    PTB_ELLIPSIS, /* "..." */
    PTB_CURRENCY, /* "$", "#" or "cents" */
    PTB_FRACTION, /* a fraction that is one character: "1/2" */
    PTB_LEFT,     /* an opening quotation mark: "`" or "``" */
    PTB_RIGHT,    /* a closing one or an apostrophe: "'" or "''" */
    PTB_SENTENCE, /* an abbreviation at the end of a sentence: the token, and its period again */
    PTB_ACRONYM,  /* the same, but the period of a single letter is not a part of the token */
    PTB_LESS,
    PTB_GREATER,
    PTB_LRB,
    PTB_RRB,
    PTB_LCB,
    PTB_RCB,
    PTB_LSB,
    PTB_RSB
};
extern const struct lex_rule ptb_rules[];
extern const struct lex_macro ptb_macros[];
#endif
