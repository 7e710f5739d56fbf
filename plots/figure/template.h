/* template.h - the template of a figure, plots/NAME.gp: a header of comments that says which
 * queries the data come from, followed by gnuplot commands. plots/README.md has an example.
 *
 *   # Accuracy against rank.                             the caption: always the first line
 *   # size: 8.4 x 6                                      width x height in cm, gnuplot expressions
 *   # like: phi_rank                                     continue with this figure's commands
 *   # make: lowrank sweep rank                           what to run if there is nothing to draw
 *   # runs: fig_runs(study=rank)                         the runs behind it: columns key8,
 *                                                        git_commit, git_dirty
 *   # text: study fig_study(study=rank)                  the first row as strings study_COLUMN
 *   # data: mean fig_rank by series: x, lo, hi, n, mean  one block of the data file per series
 *   # shows: rank targets                              the keys that it tells cells apart by
 *   # kind: amplify                                    and the analysis (results/pivot/shows.h)
 *
 * All but "size", "make" and "data" are optional, "data" may be repeated. Words in parentheses are
 * parameters of the query, which the command line can override. The columns of a "data" line are
 * written in this order; the last one must contain at least one number. */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include "core/base/base.h"

enum { TEMPLATE_WORDS = 16, MAX_FIGURES = 128 };

/* A list of words, NULL-terminated and owned. */
struct words {
    char *word[TEMPLATE_WORDS + 1];
    int n;
};

/* A "runs", "text" or "data" line. */
struct source {
    char *name;          /* prefix of its gnuplot variables; NULL for "runs" */
    char *query;         /* named query */
    struct words params; /* name, value, name, value ... */
    struct words keys;   /* of a "data" line: columns whose values tell the blocks apart */
    struct words cols;   /* of a "data" line: columns of the data file */
};

struct template
{
    char *header; /* its comments */
    char *name, *about, *make, *width, *height, *like;
    struct source runs, text; /* query NULL: the template does not have this line */
    struct source *data;      /* [n_data] */
    int n_data;
    char *body;  /* the gnuplot commands, then those of the figure "like" */
    char *style; /* plots/style.gp, which precedes them */
};

/* template_load - read the file NAME if it ends in ".gp", else HOME/plots/NAME.gp or
 * plots/NAME.gp, and plots/style.gp. template_path - the path of the template NAME, or NULL; the
 * caller frees it. template_read - read the template PATH; the figure is called NAME. Errors:
 * FAIL_USAGE for an unknown figure, FAIL_INPUT for a template that cannot be read or parsed. */
int template_load(struct template *t, const char *home, const char *name);
char *template_path(const char *home, const char *name);
int template_read(struct template *t, const char *name, const char *path);
void template_free(struct template *t);

/* template_names - the names of all templates of the program, sorted and NULL-terminated; the
 * caller frees each of them. Returns their number. Errors: FAIL_INPUT. */
int template_names(char *name[MAX_FIGURES + 1]);

#endif
