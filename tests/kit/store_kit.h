/* store_kit.h - a temporary store with made-up runs, and raw SQL on it. */
#ifndef STORE_KIT_H
#define STORE_KIT_H

#include "results/store/store.h"
#include "results/query/query.h"

/* kit_path - "FOLDER/NAME" in a temporary folder of this process, which is removed when the process
 * ends; one of eight buffers. */
const char *kit_path(const char *name);
struct store *kit_store(void); /* the database "t.db" there, open for writing; CHECKs */

/* kit_plan - a study of RANKS x LRS x SEEDS runs with the ranks 1, 2, 4, ... and the learning rates
 * 1e-3, 2e-3, ...; the cost is the rank. */
struct kit_study {
    const char *name, *metric;
    int ranks, lrs, seeds, epochs;
};
extern const struct kit_study kit_small; /* "rank": four runs */
int kit_plan(struct store *s, const struct kit_study *k);

/* kit_finish_all - take and finish every run of the study. The best "accuracy" is VALUE(rank,
 * index of the learning rate, seed); a run whose value is infinite diverges. Returns how many. */
int kit_finish_all(struct store *s, const char *study, double (*value)(int rank, int lr, int seed));

/* kit_one - one number of an SQL query on the file, through a connection of its own; NAN for
 * NULL or no row. */
double kit_one(const char *path, const char *sql);
void kit_sql(const char *path, const char *sql); /* CHECKs */
/* kit_text - one cell through query_rows; "" for NULL or no row; lives until the next call. */
const char *kit_text(struct store *s, const char *sql);

/* kit_filled - the path of a database NAME with four finished runs of a study "rank". */
const char *kit_filled(const char *name);
/* kit_refused - opening PATH fails with FAIL_STORE and a line that has TEXT in it; CHECKs. */
void kit_refused(const char *path, enum store_mode mode, const char *text);
#endif
