/* manage.h - what the commands that change what is said of runs and studies have in common. */
#ifndef MANAGE_H
#define MANAGE_H

#include "results/query/found.h"
#include "results/query/query.h"
#include "results/store/remarks.h"

struct manage_options {
    char *home;
    int format;
    bool undo, yes, old;
    long number;
};
#define MANAGE_AT(f) offsetof(struct manage_options, f)

/* manage_open - open the database of HOME for writing. It is not created: without results there is
 * nothing to say. manage_find - the same, and what WORD names there, of KINDS. *S is closed and *F
 * freed by manage_close, also after an error. */
int manage_open(struct store **s, const char *home);
int manage_find(struct store **s, struct found *f, const char *home, const char *word, int kinds);
void manage_close(struct store *s, struct found *f);

/* manage_on - what the remark is on. */
struct remarked manage_on(const struct found *f);

/* manage_words - the words from FIRST on as one text, which the caller frees. */
char *manage_words(int argc, char **argv, int first);

/* manage_print - print the named query QUERY with the parameter on=F; F may be NULL. */
int manage_print(struct store *s, const char *query, const struct found *f, int format);
#endif
