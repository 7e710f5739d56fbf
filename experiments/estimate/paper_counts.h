/* paper_counts.h - the parameter counts that the paper prints, and the configurations they belong
 * to.
 *
 * experiments/paper/counts.yaml says which configuration a row of a table describes; the printed
 * counts themselves are in results/paper.tsv. */
#ifndef PAPER_COUNTS_H
#define PAPER_COUNTS_H

#include "experiments/recipe/recipe.h"
#include "results/rows/rows.h"

struct paper_count {
    char *table, *row, *model;
    char *words;         /* the recipe: "method=lora rank=8 targets=q,v" */
    char *note;          /* why the printed count differs from the formula, or NULL */
    const char *printed; /* millions, as printed; static */
};
struct paper_counts {
    struct paper_count *c;
    int n;
};
/* paper_counts_load - Errors: FAIL_USAGE with file:line:column, also for a row that the paper
 * does not have. */
int paper_counts_load(struct paper_counts *p);
void paper_counts_free(struct paper_counts *p);

/* paper_counts_recipe - the recipe of a configuration; free it with recipe_free. Returns 1 and
 * leaves an empty recipe when this build does not have the method. Errors: FAIL_USAGE. */
int paper_counts_recipe(struct recipe *r, const struct paper_count *c);

/* paper_counts_match - are MODEL and R this configuration: the same model, and equal values of
 * method and of every other key that the configuration names? */
bool paper_counts_match(const struct paper_count *c, const char *model, const struct recipe *r);

/* paper_counts_agree - compare N parameters with PRINTED millions, to the digits that are
 * printed: "yes", "yes, cut off", or "no: 7.0 % above the formula", into BUF. Returns BUF. */
const char *paper_counts_agree(char buf[64], double n, const char *printed);

/* paper_counts_table - all configurations as a table: printed, by formula, and whether they
 * agree. The caller frees it. Errors: as paper_counts_load. */
int paper_counts_table(struct rows *t);
#endif
