/* claims.h - the paper's claims as tests on the store, and their verdicts.
 *
 * A claim is a file results/claims/ID.yaml, which is part of the program: a sentence, where the
 * paper says it, the paper's numbers (by their place in the table paper, never copied) and a test.
 * The test has a query (results/queries/claim_*.sql), which gives, by model, task and part, our
 * value and a reference for each unit (a seed, a pair of adapters, a round), and a kind, which says
 * where the mean difference must lie:
 *
 *     better       value - ref > margin            (the other way round where less is better)
 *     not_worse    value - ref > -margin           (as above)
 *     equal        |value - ref| < margin
 *     above        value - max(bound, ref) > 0
 *     below        value - bound < 0
 *     correlation  Spearman's rho of value and x in each unit: < bound if bound < 0, else > bound
 *
 * results/README.md explains how a verdict is made: the tests over units and over examples, the
 * corrections for choices, parts and families, and what makes a claim undecided. */
#ifndef CLAIMS_H
#define CLAIMS_H

#include "results/store/embed.h"
#include "results/store/store.h"
#include "results/verdicts/stats.h"

#define CLAIMS_LEVEL 0.05 /* a corrected p-value below this decides */

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

/* DESCRIBED: a row that is shown but not tested, such as one task of an average. */
enum verdict { UNDECIDED, HOLDS, FAILS, DESCRIBED };
extern const char *const verdict_names[]; /* "undecided", "holds", "fails", "-" */

struct claim_number { /* a number of the paper */
    char *tab, *row, *col;
    char *value; /* as printed there, with its spread; set by claims_judge */
};

struct claim {
    char *id, *sentence, *section, *family;
    char *study, *query;
    char *make;    /* the command that produces its runs; {n} stands for n units, {2n} for 2n */
    char *unit;    /* what is counted: "seeds" */
    int kind;      /* enum claim_kind */
    double margin; /* margin and bound are in the metric's own scale: 0.01 is a point of accuracy */
    double bound;
    long units;   /* with fewer units the claim is undecided */
    long parts;   /* with fewer parts the claim is undecided */
    bool average; /* test the average over tasks instead of each task */
    char **param; /* NAME, VALUE, ..., NULL for the query; lists and mappings as JSON */
    struct claim_number *number;
    int n_numbers;
};

struct claim_unit { /* a seed, a pair of adapters, a round */
    char *name;
    double a, b, d; /* value, reference, difference */
};

/* One comparison. For better and not_worse a positive difference is better. */
struct claim_part {
    char *label;             /* "targets=q,v against targets=q" */
    struct claim_unit *unit; /* those that have both numbers; owned */
    int n_units;
    struct stats_mean a, b, d; /* over units */
    int n_seen, n_lost;        /* units of either side; those without a number (diverged, ...) */
    bool lost_a;               /* a unit of the value's side is among the lost ones */
    bool unrun;                /* a setting that a side chooses from has no finished run */
    bool twice;                /* a unit occurs more than once */
    char *edge;                /* a chosen value is the smallest or largest tried; NULL: none is */
    long tried;                /* settings that a side is the best of; 1: no choice */
    double p_units;            /* t test over units */
    long n_examples;           /* examples that both sides answered; 0: no predictions to pair */
    bool dev_whole;            /* they are all of dev */
    double ex_d, ex_sd, ex_lo, ex_hi; /* the difference over examples, its bootstrap */
    double p_examples, mcnemar;
    long trained, ref_trained; /* trainable parameters without the head; 0: unknown */
    double p;                  /* of the part: see results/README.md */
    bool inside;               /* the mean difference lies where the kind wants it */
};

struct claim_row { /* of one model and task, or of the average over tasks */
    const struct claim *claim;
    char *model, *task, *metric; /* metric: "last accuracy"; "-" where there is none */
    bool percent;                /* the metric is shown times 100 */
    double floor;                /* the score without any learning; NAN: unknown */
    bool uninformative;          /* no side is above it */
    struct claim_part *part;
    int n_parts, decisive; /* decisive: the part whose p-value counts */
    double p, p_holm;      /* NAN: not tested */
    int n_tests;           /* how many tests its family has; 0: not tested */
    enum verdict verdict;
    char *why; /* undecided: what is missing and the command that makes it; uninformative: why */
};

struct claims {
    struct claim *claim; /* sorted by id */
    int n;
    struct claim_row *row; /* in the order of claims; at least one for each */
    int n_rows;
};

/* claims_load (claims_load.c) - read every file "claims/..." of FILES. Errors: FAIL_USAGE with
 * "FILE:LINE:COL: ..." for an unknown or missing key, an id that is not the file's name, a number
 * that the paper's tables do not have, a parameter that the query does not have. */
int claims_load(struct claims *c, const struct embedded *files);
/* claims_judge - decide every claim. All of them together, because the claims of a family are
 * corrected together. Deterministic. Errors: those of the store. */
int claims_judge(struct claims *c, struct store *s);
void claims_free(struct claims *c);

/* claims_verdict - of all rows of a claim: it fails if one does, it holds if all do. */
enum verdict claims_verdict(const struct claims *c, const struct claim *claim);
#endif
