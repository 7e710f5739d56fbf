/* tables.h - the files that METEOR's tables come from. */
#ifndef TABLES_H
#define TABLES_H

#include "core/meteor/normalize.h"

/* table_member - the file NAME of the archive JAR as a string; the caller frees it. Errors: NULL
 * after FAIL_INPUT. table_file - the same for the file PATH itself. */
char *table_member(const char *jar, const char *name);
char *table_file(const char *path);
/* table_line - the line at *P, NUL-terminated in place, without the line break; *P moves on. NULL:
 * there is none. */
char *table_line(char **p);

/* Words with the synsets that they belong to, and irregular forms with their base words.
 * SYNSETS[id] is a list of numbers of which the first says how many follow. */
struct synonyms {
    struct vocabulary words, forms;
    int **synsets, **bases; /* BASES[form]: the same for numbers of words */
};
/* synonyms_from_jar - read the tables of meteor-1.5.jar. synonyms_from_wordnet - read the
 * dictionary files of the folder DIR. Errors: FAIL_INPUT; FAIL_TOOL if the folder has no such
 * files. synonyms_free - does nothing for a zeroed struct. */
int synonyms_from_jar(struct synonyms *s, const char *jar);
int synonyms_from_wordnet(struct synonyms *s, const char *dir);
void synonyms_free(struct synonyms *s);

/* synonyms_of - the synsets of WORD, of the base words if it is an irregular form, and else of what
 * WordNet's rules of detachment make of it: a list as above, in increasing order, that the caller
 * frees. */
int *synonyms_of(const struct synonyms *s, const char *word);
#endif
