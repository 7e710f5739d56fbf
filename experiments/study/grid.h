/* grid.h - what a study file varies, as strings, before it is expanded to runs. */
#ifndef GRID_H
#define GRID_H

#include "experiments/study/axes.h"
#include "experiments/study/search.h"
#include "experiments/study/study.h"

/* Settings of the runs that match a condition. */
struct when {
    struct axes condition;
    struct settings set;
};
/* The values of the study's runs, as written or in the longer form; conditions.c checks against
 * both. */
struct form {
    struct settings base; /* what this form adds to the study's base */
    struct axes product, zip, nuisance;
    struct search search;
};
struct grid {
    struct form form[2];
    int n_forms;
    struct axes product, zip, nuisance; /* of the form that is asked for */
    struct search search;
    struct axes *exclude, *only; /* conditions */
    int n_exclude, n_only;
    struct when *when;
    int n_when;
    long *seeds;
    int n_seeds; /* 0: the file does not say */
    long budget;
    struct location budget_location;
};

/* grid_read - the parts of a study file that vary; a part that OVER (NULL: none) has replaces that
 * of ROOT. BASE: the settings of the study's base. Freed by grid_free, also on an error. Errors:
 * FAIL_USAGE with file:line:column. */
int grid_read(struct grid *g, const struct settings *base, const struct yaml_node *root,
              const struct yaml_node *over);
void grid_free(struct grid *g);

/* grid_override - let the values of a key from the command line (axes_word) replace the axis of
 * this key, or end the search for it; several values of another key become an axis. Errors:
 * FAIL_USAGE for several values where only pairs fit. */
int grid_override(struct grid *g, const struct axis *values);

/* grid_json - axes, zip, nuisance, search, seeds and budget, for the store; the caller owns it. */
json_t *grid_json(const struct grid *g);
#endif
