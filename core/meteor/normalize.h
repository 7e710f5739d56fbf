/* normalize.h - METEOR's tokenizer for English, in which punctuation is separated, quotation marks
 * and dashes are made equal, hyphenated words are divided, and contractions are cut. */
#ifndef NORMALIZE_H
#define NORMALIZE_H

#include "core/words/words.h"

/* Abbreviations whose period is not the end of a sentence. ONLY_NUMBER[id]: only before a number.
 */
struct prefixes {
    struct vocabulary words;
    bool *only_number;
};

/* normalize_line - the words of LINE in lower case, separated by spaces; the caller frees it. */
char *normalize_line(const char *line, const struct prefixes *p);
#endif
