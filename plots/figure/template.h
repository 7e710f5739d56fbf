/* template.h - a figure's template, plots/NAME.gp: gnuplot commands after a header of comments.
 *
 *   # Accuracy against rank.                             what it shows: one line
 *   # size: 8.4 x 6                                      cm as printed; gnuplot expressions
 *   # like: phi_rank                                     draw as this figure's commands do
 *   # make: lowrank sweep rank                           what to run when there is nothing to draw
 *   # runs: fig_runs(study=rank)                         runs behind it: key8, git_commit, git_dirty
 *   # text: study fig_study(study=rank)                  first row as strings: study_COLUMN
 *   # data: mean fig_rank by series: x, lo, hi, n, mean  a block of the data file for each series
 *
 * "runs", "text" and "like" may be absent. Words in brackets are parameters of the query; those of
 * the command line win. Of a "data" line, columns stand in the file in the order given; the last
 * one must hold a number somewhere. */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include "core/base/base.h"

enum { TEMPLATE_WORDS = 16, MAX_FIGURES = 128 };

/* A list of words, NULL-terminated, owned. */
struct words {
    char *word[TEMPLATE_WORDS + 1];
    int n;
};

struct source {
    char *name;          /* prefix of its variables */
    char *query;         /* named query */
    struct words params; /* name, value, name, value ... */
    struct words keys, cols;
};

struct template
{
    char *name, *about, *make, *width, *height, *like;
    struct source runs, text; /* query NULL: none */
    struct source *data;
    int n_data;
    char *body;  /* without the header */
    char *style; /* plots/style.gp */
};

/* template_load - plots/NAME.gp and plots/style.gp. Errors: FAIL_USAGE for an unknown figure,
 * FAIL_INPUT for a template that cannot be read or understood. */
int template_load(struct template *t, const char *name);
void template_free(struct template *t);

/* template_names - of all figures, sorted, NULL-terminated, each owned by the caller; returns how
 * many. Errors: FAIL_INPUT. */
int template_names(char *name[MAX_FIGURES + 1]);

/* template_list - print the name of every figure and what it shows. Errors: FAIL_INPUT. */
int template_list(FILE *to);
#endif
