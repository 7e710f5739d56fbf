/* words_rouge.c - the tokenizer of the rouge-score package. */
#include "core/words/porter.h"
#include "core/words/words.h"

#include <stdlib.h>
#include <string.h>

/* Runs of a-z and 0-9 of the lower-cased text; with STEM, those of more than three characters are
 * stemmed. The lower case of a letter beyond ASCII can be in ASCII (the Kelvin sign). */
static void words_of_text(struct words *w, struct vocabulary *v, const char *text, bool stem)
{
    char *low = text_lower(text);

    for (char *p = low; *p;) {
        size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789");
        char *next = p + n + (p[n] != 0);
        if (n > 0) {
            p[n] = 0;
            if (stem && n > 3)
                porter_stem(p);
            words_add(w, vocabulary_id(v, p, strlen(p)));
        }
        p = next;
    }
    words_end(w);
    free(low);
}

void words_rouge(struct words *w, struct vocabulary *v, const char *const *text, int n)
{
    for (int i = 0; i < n; i++)
        words_of_text(w, v, text[i], false);
}

void words_rouge_stem(struct words *w, struct vocabulary *v, const char *const *text, int n)
{
    for (int i = 0; i < n; i++)
        words_of_text(w, v, text[i], true);
}
