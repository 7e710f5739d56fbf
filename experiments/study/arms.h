/* arms.h - the arms of a study with a search: an arm is a cell without the searched keys. Its
 * trials are the values that are tried; one of them is chosen, and runs of the study's seeds with
 * it are what the study reports. */
#ifndef ARMS_H
#define ARMS_H

#include "experiments/study/grid.h"

enum trial_outcome {
    TRIAL_OPEN,    /* not judged yet */
    TRIAL_STOPPED, /* not promoted at a rung */
    TRIAL_LOST,    /* trained in full, and another one was better */
    TRIAL_CHOSEN
};
extern const char *const trial_outcomes[];

struct trial {
    char **value;               /* of each searched key */
    int *run;                   /* of each tuning seed: an index into the study's runs */
    int extension;              /* how many extensions of its arm led to it; 0: one of the first */
    enum trial_outcome outcome; /* this and the following: see tune.h */
    int rung;                   /* rungs at which it was judged */
    long epochs;                /* those of the rung that it is to reach, or has reached */
    double *score;              /* [tuning seeds] at its last rung; NAN: none, or diverged */
};
struct arm {
    char point[65];           /* as struct plan_run's */
    struct settings settings; /* without seed and searched keys */
    struct trial *trial;
    int n_trials, n_first; /* all; without extensions */
    int chosen;            /* -1: not chosen yet, or every trial diverged */
    bool open;             /* its trials are not all judged yet */
    char edge[64];         /* "lr: largest tried", or "" */
};
struct arms {
    struct session *session;
    struct grid grid;
    struct arm *arm;
    int n;
};

/* arms_new - arms of no study yet; takes the grid. Warns when seeds that tune are reported as well,
 * because a setting that was chosen with a seed flatters the arm on that seed. arms_free - A may be
 * NULL. */
struct arms *arms_new(struct session *ses, struct grid *g);
void arms_free(struct arms *a);

/* arms_search - what is searched, by a study that has arms. */
const struct search *arms_search(const struct study *s);

/* arms_seeds_text - "1 to 5" or "3, 7, 1001"; the caller frees it. */
char *arms_seeds_text(const long *seed, int n);

/* arms_expand - the trials of the arm with these SETTINGS as runs of S; also when it is an arm that
 * S has already. Errors: as grid_expand. */
int arms_expand(struct study *s, const struct settings *settings);

/* arms_reset - arm A as it was before its trials were judged and extended. */
void arms_reset(const struct study *s, struct arm *a);

/* arms_extend - add a trial to arm A, with VALUE of each searched key, after EXTENSION extensions.
 * arms_report - add the runs of the study's seeds at the chosen trial of A. Runs may move in
 * memory. Errors: as grid_expand. */
int arms_extend(struct study *s, int a, char *const *value, int extension);
int arms_report(struct study *s, int a);
#endif
