/* claims.h - the paper's claims as tests on the store, and their verdicts.
 *
 * A claim is a file results/claims/ID.yaml, built into the program: what the paper says in our
 * words, where, its numbers (by place in table paper, never copied), and a test. A test is a query
 * (results/queries/claim_*.sql) that yields a number of ours and one to compare it with for each
 * unit (a seed, a pair of adapters, a shape), by model, task and part; and a kind that says where
 * the mean difference must lie:
 *
 *     better       value - ref > margin            better as the metric's goal says
 *     not_worse    value - ref > -margin
 *     equal        |value - ref| < margin
 *     above        value - max(bound, ref) > 0
 *     below        value - bound < 0
 *     correlation  Spearman's rho of value and x in each unit: < bound if bound < 0, else > bound
 *
 * A region is tested by the two-sided p of the nearest of its ends, so p < 0.05 says the same as an
 * end outside the 95 % interval: inside it holds, outside it fails, else it is undecided. Two
 * sources of chance: units (t test of the differences) and, where both sides' predictions are
 * stored, examples (paired bootstrap of accuracy, F1, Matthews or Pearson correlation); the larger p
 * counts, so a verdict survives both. Both are of the last evaluation (of test, where the study
 * shows test): predictions are stored of no other. p is multiplied by the number of settings that a
 * side was chosen from as the best (Bonferroni): the choice is made on the numbers that are tested.
 *
 * A claim of several parts (against each of some settings) holds if all do, so its p is the largest
 * (intersection-union test); it fails if one does, so then p is the smallest times the number of
 * parts. Holm's correction runs over the rows of a family, each model and task a row; of a claim
 * about averages ("average: true", like the paper's "Avg") the average over tasks is the row, seed
 * by seed, and the tasks are shown without a verdict. A task is uninformative, which keeps it out of
 * averages and of Holm's correction, when no side's 95 % interval lies above the share of the
 * largest class (accuracy) or 0 (a correlation).
 *
 * Undecided, too: too few units, an arm that diverged, points of a choice that were not run, a best
 * learning rate at the end of what was tried, a unit that comes twice (the claim names too little).
 * A run counts in one unit only. */
#ifndef CLAIMS_H
#define CLAIMS_H

#include "results/store/embed.h"
#include "results/verdicts/stats.h"
#include "results/store/store.h"

enum claim_kind {
    KIND_BETTER,
    KIND_NOT_WORSE,
    KIND_EQUAL,
    KIND_ABOVE,
    KIND_BELOW,
    KIND_CORRELATION
};
#define CLAIM_KINDS "better|not_worse|equal|above|below|correlation"
extern const char *const claim_kinds[];

/* DESCRIBED: a row that is shown and not judged, a task of an average. */
enum verdict { UNDECIDED, HOLDS, FAILS, DESCRIBED };
extern const char *const verdict_names[]; /* "undecided", "holds", "fails", "-" */

struct claim_number { /* of the paper */
    char *tab, *row, *col;
    char *value; /* as printed there, with its spread; set by claims_judge */
};

struct claim {
    char *id, *sentence, *section, *family;
    char *study, *query,
        *make;            /* make: the command that makes its numbers; {n}: of n units, {2n}: 2n */
    char *unit;           /* what is counted: "seeds" */
    int kind;             /* enum claim_kind */
    double margin, bound; /* in the metric's own scale: 0.01 is a point of accuracy */
    long units, parts;    /* fewer are undecided */
    bool average;         /* over tasks, instead of each of them */
    char **param;         /* NAME, VALUE, ..., NULL for the query; lists and maps as JSON */
    struct claim_number *number;
    int n_numbers;
};

struct claim_unit { /* a seed, a pair of adapters: value, ref, difference */
    char *name;
    double a, b, d;
};

/* One comparison. Differences are in the direction of the claim's kind: of better and not_worse
 * positive is better. */
struct claim_part {
    char *label;             /* "targets=q,v against targets=q" */
    struct claim_unit *unit; /* that have both numbers; owned */
    int n_units;
    struct stats_mean a, b, d; /* over units */
    int n_seen, n_lost;        /* units of either side; of them without a number (diverged ...) */
    bool lost_a;               /* value's side is among them */
    bool unrun;                /* a point of a choice ("best of") has no finished run */
    bool twice;                /* a unit comes twice */
    char *edge;                /* a choice that lies at the end of what was tried; NULL: none */
    long tried;                /* settings that a side is the best of; 1: no choice */
    double p_units;
    long n_examples; /* 0: no predictions to pair */
    bool dev_whole;  /* they are all that dev has */
    double ex_d, ex_sd, ex_lo, ex_hi, p_examples, mcnemar;
    long trained, ref_trained; /* numbers without the head; 0: unknown */
    double p;
    bool inside;
};

struct claim_row {
    const struct claim *claim;
    char *model, *task, *metric; /* metric: "last accuracy"; "-" where there is none */
    bool percent;
    double floor;       /* what is reached without learning; NAN: unknown */
    bool uninformative; /* nothing is above it */
    struct claim_part *part;
    int n_parts, decisive; /* decisive: the part whose p counts */
    double p, p_holm;      /* NAN: not tested */
    int n_tests;           /* of the family, when it was tested */
    enum verdict verdict;
    char *why; /* of undecided: what is missing and the command that makes it; of uninformative */
};

struct claims {
    struct claim *claim; /* sorted by id */
    int n;
    struct claim_row *row; /* in the order of claims; at least one each */
    int n_rows;
};

/* claims_load - every file of FILES in "claims/". Errors: FAIL_USAGE with "FILE:LINE:COL: ...":
 * unknown or missing keys, an id that is not the file's name, a number that is not in the paper's
 * table, a parameter that its query has not. */
int claims_load(struct claims *c, const struct embedded *files);
/* claims_judge - the verdicts, all of them: a family is corrected together. Deterministic. Errors:
 * of the store. */
int claims_judge(struct claims *c, struct store *s);
void claims_free(struct claims *c);

/* claims_verdict - of all rows of a claim: fails if one does, holds if all do. */
enum verdict claims_verdict(const struct claims *c, const struct claim *claim);

/* Texts for people; the caller frees. claims_paper: "T5 WikiSQL: Wq,Wv 73.7, Wq 70.4; ...".
 * claims_ours: "83.2 - 82.9 = +0.3 [-0.1, +0.7]" of a part, in percent where papers print percent.
 * claims_answered: the same of examples, "" without: "408 examples: +0.3 [...], p = ..., McNemar ...".
 * claims_asks: the region, "> -1.0". */
char *claims_paper(const struct claim *claim);
char *claims_ours(const struct claim_row *row, const struct claim_part *part);
char *claims_answered(const struct claim_row *row, const struct claim_part *part);
char *claims_asks(const struct claim_row *row);
#endif
