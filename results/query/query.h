/* query.h - reading the store: one SQL statement as a table of cells, and the named queries
 * (results/queries/NAME.sql) that are part of the program. */
#ifndef QUERY_H
#define QUERY_H

#include "results/store/store.h"

/* query_rows - the result of the statement SQL in *R, to be freed with rows_free. Only reading is
 * possible: a statement that writes is refused, as are ATTACH, transactions and most PRAGMAs.
 * PARAMS: NAME, VALUE, ..., NULL for the :name parameters of the statement, or NULL; a parameter
 * that is not given is NULL in SQL. A whole number is bound as an integer, anything else as text.
 * Errors: FAIL_USAGE for a bad statement or an unknown parameter, FAIL_STORE, FAIL_STOPPED. */
int query_rows(struct store *s, struct rows *r, const char *sql, const char *const *params);

/* query_find - the text of a named query; NULL when there is none of this name. query_named - its
 * result, as query_rows; CHECKs that it exists. */
const char *query_find(const char *name);
int query_named(struct store *s, struct rows *r, const char *name, const char *const *params);
/* query_with - SQL with the common table expressions TABLES ("a AS (...), b AS (...)") before its
 * own, which hide tables and views of the same names; the caller frees it. */
char *query_with(const char *sql, const char *tables);
const char *const *query_names(void); /* NULL-terminated */

/* The first line of a query is "-- what it shows". query_make - the command that produces what it
 * shows, when its second line says so ("-- make: lowrank ablate amplify"), else NULL; the caller
 * frees it. query_takes - does it use the parameter :PARAM? */
char *query_make(const char *name);
bool query_takes(const char *sql, const char *param);

/* query_next_param - the name of the next parameter in the SQL from *AT on, which is moved behind
 * it; NULL: there is none. The name ends where *AT is then. */
const char *query_next_param(const char **at);

/* query_list - print the name and the first line of every query; with TABLES only of those that
 * people read, not of those that figures ("fig_"), verdicts ("claim_"), the report ("page_") and
 * other commands ("cmd_") are made from. query_for_people - is NAME one that people read?
 * query_unknown - FAIL_USAGE for a name that is not there; COMMAND is what lists the names. */
int query_list(enum rows_format f, bool tables);
void query_tables(struct rows *r); /* those that people read */
bool query_for_people(const char *name);
int query_unknown(const char *name, const char *command);
#endif
