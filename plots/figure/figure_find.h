/* figure_find.h - the figure that a name stands for: a study's own, a template, or what the file of
 * a study describes. */
#ifndef FIGURE_FIND_H
#define FIGURE_FIND_H

#include "plots/figure/figure.h"

/* figure_find - load the figure NAME and read its rows, with the words PARAMS (NAME, VALUE, ...,
 * NULL; at most FIGURE_WORDS of them). A study of the store
 * comes first, then the file NAME if it ends in ".gp", the template NAME of HOME/plots or of the
 * program, and the figure that ablations/NAME.yaml describes; "study=S" says that NAME is one of
 * the latter, for study S. Freed by figure_free in every case. Errors: as figure_read; FAIL_USAGE
 * for an unknown name or word. */
enum { FIGURE_WORDS = 20 };
int figure_find(struct figure *f, struct store *s, const char *home, const char *name,
                const char *const *params);

/* figure_all_names - the names of all templates and of the figures that files of studies describe,
 * sorted, with a line about each: columns "figure" and "title". Errors: FAIL_INPUT. */
int figure_all_names(struct rows *r, const char *home);
#endif
