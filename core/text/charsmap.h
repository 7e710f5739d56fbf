/* charsmap.h - SentencePiece's compiled map of character sequences to what they are normalized to.
 * Private to core/text.
 *
 * Its bytes are the size of a trie, the trie as a double array of 32-bit units (Darts-clone), and
 * the replacements as strings that end with NUL; all little-endian. The trie's values are places in
 * the strings. Every place is checked when it is used. */
#ifndef CHARSMAP_H
#define CHARSMAP_H

#include "core/base/base.h"

struct charsmap {
    uint32_t *unit;
    size_t n_units;
    char *text; /* the replacements */
    size_t n_text;
};

/* charsmap_read - from SIZE bytes, which are copied; 0 bytes are the empty map. charsmap_free -
 * nothing for a zeroed struct. Errors: FAIL_INPUT with PATH. */
int charsmap_read(struct charsmap *m, const void *bytes, size_t size, const char *path);
void charsmap_free(struct charsmap *m);

/* charsmap_find - the replacement of the longest sequence at the beginning of TEXT, or with
 * SHORTEST of the shortest; its length in *USED. NULL: there is none. */
const char *charsmap_find(const struct charsmap *m, const char *text, size_t size, bool shortest,
                          size_t *used);
#endif
