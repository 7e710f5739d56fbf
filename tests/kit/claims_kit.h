/* claims_kit.h - stores with planted outcomes and claims on them. */
#ifndef CLAIMS_KIT_H
#define CLAIMS_KIT_H

#include "results/verdicts/claims.h"

/* A configuration of a study. */
struct cell {
    const char *keys; /* JSON members: "\"rank\":1" */
    double mean;      /* of its seeds; infinite: diverges */
    double lr;        /* 0: none, no trial */
    int right;        /* per mille of EXAMPLES that it answers right; 0: no predictions */
};
enum { EXAMPLES = 400, CELLS = 40 };

/* planted - a store (of store_kit, emptied) with a study of N cells, model "m", task "t" where KEYS
 * has none. Seed s of cell i has the value mean + noise as "last" of METRIC, where noise is up to
 * 0.003 (and some better one as "best"); it trains 100 + rank numbers. The last LEFT runs (the last cells' last seeds) stay queued. */
struct store *planted(const char *study, const char *metric, const struct cell *cell, int n,
                      int seeds, int left);

/* judged - the verdicts of N claims x0, x1 ... on study "rank" of these lines of YAML; those whose
 * lines begin with '@' have a family of their own. A table of the paper with one number is there. */
struct claims judged(struct store *s, const char *const *lines, int n);
extern const char planted_paper[];

/* judge_one - one claim on a store, which is closed: its verdict is WANT, and WHY (NULL: anything)
 * is in what is said of its last row when it is undecided. */
void judge_one(struct store *s, const char *lines, enum verdict want, const char *why);
#endif
