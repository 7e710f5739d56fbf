/* grid.h - what a study file varies, as text, before it is expanded. */
#ifndef GRID_H
#define GRID_H

#include "core/base/yaml.h"
#include "experiments/study/study.h"

struct axis {
    char *key;
    char **value, **where;
    int n;
};
/* Axes that move together (product of one axis each, or zip). */
struct axes {
    struct axis *a;
    int n;
};
/* Settings of the runs that match a condition. */
struct when {
    struct axes condition;
    struct settings set;
};
/* The study as it stands, or its longer form: what conditions may be about. */
struct form {
    struct settings base; /* what this form sets otherwise */
    struct axes product, zip, nuisance;
};
struct grid {
    struct form form[2];
    int n_forms;
    struct axes product, zip, nuisance;
    struct axes *exclude, *only; /* conditions */
    int n_exclude, n_only;
    struct when *when;
    int n_when;
    long *seeds;
    int n_seeds; /* 0: not said */
    long budget;
    char *budget_where;
};
/* grid_read - the parts of a study with these BASE settings that vary; a part that OVER (NULL: nothing) has
 * is taken from there. Errors: FAIL_USAGE with file:line:column. */
int grid_read(struct grid *g, const struct settings *base, const struct yaml_node *root,
              const struct yaml_node *over);
void grid_free(struct grid *g);
/* grid_override - a word of the command line takes an axis' place; true: it did. */
bool grid_override(struct grid *g, const struct setting *s);
/* grid_expand (grid_expand.c) - every combination of the axes with the study's base becomes a resolved
 * run of S; points that are the same run are joined and counted. Errors: FAIL_USAGE, also for more
 * than 100,000 runs without YES_REALLY. */
int grid_expand(struct study *s, struct session *ses, const struct grid *g, bool yes_really);
json_t *grid_json(const struct grid *g); /* axes, zip, nuisance, seeds, budget */
#endif
