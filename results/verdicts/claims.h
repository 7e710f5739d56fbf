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
 * The margin is the difference that does not matter. Values within it are equivalent, so that also
 * a claim of two arms that tie is decided some day.
 *
 * results/README.md explains how a verdict is made: the joint test over seeds and examples, the
 * level that a look may use, the corrections for choices, parts and the number of claims, and what
 * makes a claim undecided. */
#ifndef CLAIMS_H
#define CLAIMS_H

#include "results/store/embed.h"
#include "results/store/store.h"
#include "results/stats/stats_joint.h"

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

/* Which claims are corrected together: all that the paper makes, and all that go beyond it. */
enum claim_family { FAMILY_PAPER, FAMILY_BEYOND, N_FAMILIES };
#define CLAIM_FAMILIES "paper|beyond"
extern const char *const claim_families[];

/* DESCRIBED: a row that is shown but not tested, such as one task of an average. */
enum verdict { UNDECIDED, HOLDS, FAILS, DESCRIBED };
extern const char *const verdict_names[]; /* "undecided", "holds", "fails", "-" */

struct claim_number { /* a number of the paper */
    char *tab, *row, *col;
    char *value; /* as printed there, with its spread; set by claims_judge */
};

struct claim {
    char *id, *sentence, *section;
    char *study, *query;
    char *make;    /* the command that produces its runs; {n} stands for n units, {2n} for 2n */
    char *unit;    /* what is counted: "seeds" */
    char *changed; /* "YYYY-MM-DD, why": when the test was changed after numbers had been seen */
    int kind;      /* enum claim_kind */
    int family;    /* enum claim_family */
    double margin; /* margin and bound are in the metric's own scale: 0.01 is a point of accuracy */
    double bound;
    long units;   /* with fewer units the claim is undecided */
    long planned; /* no verdict uses more units than these */
    long looks;   /* at how many evenly spaced numbers of units a verdict is planned */
    long parts;   /* with fewer parts the claim is undecided */
    bool average; /* test the average over tasks instead of each task */
    char **param; /* NAME, VALUE, ..., NULL for the query; lists and mappings as JSON */
    struct claim_number *number;
    int n_numbers;
    /* Of its study in this store, set by claims_judge. */
    long plan;         /* the newest plan; 0: none */
    double unit_s;     /* measured seconds of one worker for a seed more; NAN: unknown */
    double units_done; /* seeds that every cell has, on average */
    char *first_day;   /* "YYYY-MM-DD" of its first run; NULL: none */
    bool unseen;       /* it had runs before the store recorded looks */
    char *fingerprint; /* of the test: another test has looks of its own */
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
    int n_tuned;               /* units whose runs also chose the settings of a side */
    int n_seen, n_lost;        /* units of either side; those without a number (diverged, ...) */
    bool lost_a;               /* a unit of the value's side is among the lost ones */
    bool unrun;                /* a setting that a side chooses from has no finished run */
    bool twice;                /* a unit occurs more than once */
    char *edge;                /* a chosen value is the smallest or largest tried; NULL: none is */
    long tried;                /* settings that a side is the best of; 1: no choice */
    long grid;                 /* values that an optimum was chosen from; 0: no optimum */
    long n_examples;           /* examples that both sides answered; 0: no predictions to pair */
    long all_examples;         /* examples that the split has, as far as the store knows */
    bool mismatch;             /* the predictions do not give the stored numbers */
    struct stats_crossed crossed; /* seeds and examples of one task */
    struct stats_joint joint;
    double lo, hi, df;         /* 95 % interval of the mean difference, degrees of freedom */
    long trained, ref_trained; /* trainable parameters without the head; 0: unknown */
    double p;                  /* against the nearest end of the region, times 'tried' */
    bool inside;               /* the mean difference lies where the kind wants it */
};

struct claim_row { /* of one model and task, or of the average over tasks */
    const struct claim *claim;
    char *model, *task, *metric; /* metric: "last accuracy"; "-" where there is none */
    bool percent;                /* the metric is shown times 100 */
    char *from;                  /* the re-evaluation that its numbers are of; NULL: of none */
    double floor;                /* the score without any learning; NAN: unknown */
    bool uninformative;          /* no side is above it */
    struct claim_part *part;
    int n_parts, decisive; /* decisive: the part whose p-value counts */
    bool inside;           /* all parts lie where the kind wants them */
    double p;              /* of the present units; NAN: not tested */
    int units;             /* of the part that has the fewest */
    double share;          /* of the level that the look has which p_look is from */
    int look;              /* units at that look; fewer than units: it was an earlier one */
    bool reversed;         /* the present mean contradicts that earlier look */
    double p_look, p_holm; /* p over share; the same after Holm's correction */
    int n_tests;           /* how many tests its family has; 0: not tested */
    enum verdict verdict;
    const char *outcome; /* "better", "equivalent", ..., see claims_outcome */
    char *why; /* undecided: what is missing and the command that makes it; uninformative: why */
};

struct claims {
    struct claim *claim; /* sorted by id */
    int n;
    struct claim_row *row; /* in the order of claims; at least one for each */
    int n_rows;
    char *left_out; /* owned: runs that are excluded, and why; "" if there are none */
};

/* claims_load (claims_load.c) - read every file "claims/..." of FILES. Errors: FAIL_USAGE with
 * "FILE:LINE:COL: ..." for an unknown or missing key, an id that is not the file's name, a number
 * that the paper's tables do not have, a parameter that the query does not have. */
int claims_load(struct claims *c, const struct embedded *files);
/* claims_judge - decide every claim. All of them together, because they are corrected together.
 * Deterministic. The looks that it makes are recorded by claims_looks_record. Errors: those of
 * the store. */
int claims_judge(struct claims *c, struct store *s);
void claims_free(struct claims *c);

/* claims_verdict - of all rows of a claim: it fails if one does, it holds if all do. */
enum verdict claims_verdict(const struct claims *c, const struct claim *claim);
#endif
