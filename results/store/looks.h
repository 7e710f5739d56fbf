/* looks.h - which verdicts were looked at, and when. Table: results/schema/007_look.sql. */
#ifndef LOOKS_H
#define LOOKS_H

#include "results/store/store.h"

struct look {
    const char *claim, *test; /* its name and the fingerprint of its test */
    const char *model, *task;
    int64_t plan; /* of its study; 0: none */
    int units;    /* seeds, pairs of adapters, rounds */
    double p;     /* before any correction for looks or claims; from 0 to 1 (CHECK) */
    bool inside;  /* the mean lay where the claim wants it */
};
/* looks_put - record N looks in one transaction. Of two looks at the same number of units the
 * larger p-value stays, and 1 when they point in different directions. */
int looks_put(struct store *s, const struct look *look, int n);
#endif
