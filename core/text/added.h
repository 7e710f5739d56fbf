/* added.h - added tokens: strings that are recognized in a text before it is split. Private to
 * core/text. */
#ifndef ADDED_H
#define ADDED_H

#include "core/base/base.h"

struct added_token {
    char *text;
    int id;
    bool special;        /* comes before those that are not, if two normalize to the same string */
    bool normalized;     /* is looked for in the normalized text, normalized like it */
    bool single_word;    /* not where a word continues before or after it */
    bool lstrip, rstrip; /* contains the white space before, after it */
};
struct added {
    struct added_token *t;
    int n;
};

/* A set of strings to look for. */
struct added_set;

/* added_set_make - those of A whose "normalized" is NORMALIZED; the string of A->t[i] is STRING[i],
 * of SIZE[i] bytes, which is copied. added_set_free - does nothing for NULL. */
struct added_set *added_set_make(const struct added *a, bool normalized, char *const *string,
                                 const size_t *size);
void added_set_free(struct added_set *s);

/* added_next - the first token between FROM and END of the text that begins at START: the leftmost,
 * and of those that begin there the longest, as in the tokenizers package. Returns where it begins,
 * with its end in *STOP and its id in *ID; NULL: there is none. */
const char *added_next(const struct added_set *s, const char *start, const char *from,
                       const char *end, const char **stop, int *id);
#endif
