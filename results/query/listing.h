/* listing.h - a table that a command fills itself, printed like the rows of a query. */
#ifndef LISTING_H
#define LISTING_H

#include "results/store/store.h"

/* listing_init - an empty table with these columns (NULL-terminated). Free with rows_free. */
void listing_init(struct rows *r, const char *const *cols);
/* listing_add - one row from as many texts as there are columns; NULL and "" are empty cells. */
void listing_add(struct rows *r, const char *const *cells);
/* listing_number - "%.*g" of X into buf, "" when it is not a number; returns buf. */
const char *listing_number(char buf[40], double x, int digits);
/* listing_print - to stdout in that format, then free. */
int listing_print(struct rows *r, int format);
#endif
