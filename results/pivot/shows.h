/* shows.h - tables and figures with a layout of their own never mix cells. Their header says which
 * keys they show:
 *
 *   -- shows: model task rank targets      (in a template "# shows: ...")
 *   -- kind: amplify                       only cells whose runs this analysis read
 *
 * "shows: all" stands for tables that name the differences of all cells. */
#ifndef SHOWS_H
#define SHOWS_H

#include "results/pivot/pivot.h"

/* shows_check - 0 unless cells of O's study are equal in all keys that HEADER names; then -1 after
 * FAIL_USAGE. HEADER is the beginning of a query or template, whose lines start with "-- " or
 * "# "; WHAT names it in the message. Without such a line, without a study or without runs there is
 * nothing to check. */
int shows_check(struct store *s, const struct scope *o, const char *header, const char *what);
#endif
