/* verify.h - what is wrong with a database: damage in the file, and values that no program of this
 * project has written. */
#ifndef STORE_VERIFY_H
#define STORE_VERIFY_H

#include "results/store/store.h"

/* verify_open - open the database PATH for reading as store_open does, but without verify_quick.
 * verify_quick - does every row of the small tables have the values that the schema promises? A
 * flipped bit in a file leaves it a valid database with a state "dome". store_open calls it.
 * Errors: FAIL_STORE, a line that names the first row. */
int verify_open(struct store **s, const char *path);
int verify_quick(struct store *s);

/* verify_all - add a row "what", "finding" to FOUND for everything that is wrong: by SQLite's
 * integrity_check and foreign_key_check, by verify_quick, and documents that are not JSON. */
int verify_all(struct store *s, struct rows *found);
#endif
