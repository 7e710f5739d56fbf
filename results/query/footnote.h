/* footnote.h - what a reader of a table has to know beside its numbers. */
#ifndef FOOTNOTE_H
#define FOOTNOTE_H

#include "results/store/store.h"

/* footnote_excluded - a note below R for each reason for which runs of STUDY (NULL: of any study)
 * are excluded: "left out: run 3fa9c1d2 (the disk was full)". Errors: those of the store.
 * footnote_excluded_text - the same lines as one string, "" if there are none, which the caller
 * frees. */
int footnote_excluded(struct rows *r, struct store *s, const char *study);
char *footnote_excluded_text(struct store *s, const char *study);

/* footnote_concerns - does the query SQL read a view that leaves excluded runs out? */
bool footnote_concerns(const char *sql);

/* footnote_empty - why the query SQL with PARAMS (as those of query_rows) gives nothing, as far as
 * PARAMS are the reason: the error of recorded_check_stored, or FAIL_RUN "nothing matches layer=9".
 * Returns 0 when they are not. */
int footnote_empty(struct store *s, const char *sql, const char *const *params);

/* footnote_study - the study that the query SQL is about: the parameter "study" in PARAMS (as those
 * of query_rows), else the default that the query itself names ("coalesce(:study, 'rank')"), else
 * NULL. One of eight buffers. */
const char *footnote_study(const char *sql, const char *const *params);
#endif
