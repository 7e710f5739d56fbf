/* wal.h - the log "NAME-wal" beside the database: is it there, and is it the database's own? For
 * the other files of this folder.
 *
 * SQLite plays back whatever log lies beside a database, and overwrites the database with it. So
 * the database has a random name, and every transaction also writes the page that holds it: a log
 * of another database brings another name with it. */
#ifndef WAL_H
#define WAL_H

#include "results/store/store.h"

/* wal_guard - before PATH is opened: refuses a log that is no file, and a log that is missing: its
 * index "NAME-shm" is there without it, which no stop of a program leaves behind. */
int wal_guard(const char *path);
/* wal_is_empty - is there no change in the log of PATH? */
bool wal_is_empty(const char *path);
/* wal_check - right after opening: refuses a log of another database. The caller closes S without a
 * checkpoint then. */
int wal_check(struct store *s);
/* wal_name_database - give the database its name, unless it has one. wal_mark - inside every
 * transaction after that. */
int wal_name_database(struct store *s);
int wal_mark(struct store *s);
#endif
