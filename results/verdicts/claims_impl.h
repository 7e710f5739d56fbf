/* claims_impl.h - what the files of claims share. */
#ifndef CLAIMS_IMPL_H
#define CLAIMS_IMPL_H

#include "results/verdicts/claims.h"

#define CLAIMS_LEVEL 0.05

/* --- rows of a claim's query. cell: "-" for NULL; number: NAN for NULL or no such column. */
const char *claims_cell(const struct rows *r, int i, const char *col);
double claims_number(const struct rows *r, int i, const char *col);
/* claims_group_end - the first row from I on that differs from I in one of COLS, which come sorted.
 * claims_with_metric - a row that knows the metric: a run without results has none. */
int claims_group_end(const struct rows *r, int i, int end, const char *const *cols);
int claims_with_metric(const struct rows *r, int from, int to);

/* --- where the mean difference must lie: between the ends (which may be infinite, not both);
 * boundary: the one that X is nearer to. */
void claims_region(const struct claim *c, double *lo, double *hi);
double claims_boundary(const struct claim *c, double x);
bool claims_inside(const struct claim *c, double x);

/* --- a comparison. read: of rows [FROM, TO). average: over those of N tasks, by unit. Free with
 * claims_part_free. Errors: of the store. */
int claims_part_read(struct claim_part *p, const struct claim *c, struct store *s,
                     const struct rows *r, int from, int to);
void claims_part_average(struct claim_part *p, const struct claim *c,
                         const struct claim_part *const *of, int n);
void claims_part_free(struct claim_part *p);
/* claims_examples - the same difference of METRIC as P's, of examples: PAIRS ("[1,2],[3,4]") of runs
 * that answered the same ones of SPLIT; the statistic is the mean over pairs. Fills n_examples,
 * ex_*, p_examples (1 when it lies on the other side of the region's end than the units' mean) and,
 * for accuracy, mcnemar; nothing without predictions or of another metric. Errors: of the store. */
int claims_examples(struct claim_part *p, const struct claim *c, struct store *s, const char *pairs,
                    const char *split, const char *metric);

/* --- what an undecided row needs; the caller frees. command: the claim's for N units,
 * in place of {n}, twice as many in place of {2n}. untested: why
 * part P cannot be tested; NULL: it can. uninformative: NULL unless no side is
 * above what a model reaches that has learned nothing. chance: of a row that was tested. */
char *claims_command(const struct claim *c, long n);
char *claims_untested(const struct claim *c, const struct claim_part *p);
char *claims_uninformative(const struct claim_row *row);
char *claims_chance(const struct claim_row *row);
/* claims_shown - a number as the metric is printed, with its sign where it is a difference. */
const char *claims_shown(char buf[32], const struct claim_row *row, double x, bool sign);
#endif
