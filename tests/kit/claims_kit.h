/* claims_kit.h - stores with planted outcomes, and claims about them. */
#ifndef CLAIMS_KIT_H
#define CLAIMS_KIT_H

#include "results/verdicts/claims.h"

/* A configuration of a study. */
struct cell {
    const char *keys; /* JSON members: "\"rank\":1" */
    double mean;      /* of its seeds, without predictions; infinite: diverges */
    double lr;        /* its trial; 0: no trial */
    int right;        /* per mille of EXAMPLES answered right; 0: no predictions */
};
enum { EXAMPLES = 400, CELLS = 40 };

/* planted - a new store (the one of store_kit) with a study of N cells, of model "m", and of
 * task "t" where KEYS has none. Seed s of cell i has mean + noise as "last" of METRIC, where the
 * noise is at most 0.003, a better value as "best", and 100 + rank trainable parameters. With
 * predictions the value is that of METRIC (accuracy, f1, matthews or pearson) over them, and an
 * example more is right for some seeds. The last LEFT runs (the last seeds of the last cells) stay
 * queued. */
struct store *planted(const char *study, const char *metric, const struct cell *cell, int n,
                      int seeds, int left);

/* judged - the verdicts of N claims x0, x1, ... about the study "rank" with these lines of YAML.
 * One whose lines begin with '@' goes beyond the paper. The paper has one table with one number.
 */
struct claims judged(struct store *s, const char *const *lines, int n);
extern const char planted_paper[];

/* judge_one - CHECK that the verdict of one claim is WANT and, unless WHY is NULL, that the reason
 * why its last row is undecided contains WHY. Closes the store. */
void judge_one(struct store *s, const char *lines, enum verdict want, const char *why);
#endif
