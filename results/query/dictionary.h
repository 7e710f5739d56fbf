/* dictionary.h - what views and their columns are: results/dictionary.tsv. */
#ifndef DICTIONARY_H
#define DICTIONARY_H

#include "results/store/store.h"

/* dictionary_find - the explanation of the KIND ("view", "column") NAME; NULL for none. The caller
 * frees it. dictionary_views - the views, with a line about each: columns "view" and "shows". */
char *dictionary_find(const char *kind, const char *name);
void dictionary_views(struct rows *r);
#endif
