/* figure.h - a figure from the store: a data file and a complete gnuplot script. Figures are drawn
 * from the result database and nothing else. */
#ifndef FIGURE_H
#define FIGURE_H

#include "plots/figure/template.h"
#include "results/query/query.h"
#include "results/store/store.h"

struct figure {
    struct template t;
    struct rows *rows; /* [t.n_data] */
    struct rows runs, text;
};

/* figure_read - run the queries of the template. PARAMS: NAME, VALUE, ..., NULL of the command
 * line. Errors: FAIL_USAGE for a parameter that none of its queries has; FAIL_RUN when there are
 * no runs yet, or no numbers ("every value is NaN"); FAIL_STORE. */
int figure_read(struct figure *f, struct store *s, const char *const *params);
int figure_no_runs(const struct figure *f); /* records "no runs yet ..."; -1 */
void figure_free(struct figure *f);

/* figure_data - the data file: a header (what, runs, commits, queries), then for every data line
 * of the template one block a series, blocks two blank lines apart. A text in the first column
 * stands as its number in the script's list. Caller frees; NULL after fail. */
char *figure_data(const struct figure *f);

/* figure_script - the gnuplot script that draws NAME.dat of its own folder as NAME.pdf, NAME.svg
 * and NAME.png: the variables below, plots/style.gp and the template.
 *   data, stem, format, width, height
 *   D_first, D_blocks      index of the first block of data line D, and how many
 *   D_COLUMN_min, _max     of each column of numbers; NaN without any
 *   D_KEY[], D_KEY_n       value of KEY in each block, and how many are different
 *   D_COLUMN[]             different values of its first column, in order of size (texts: of
 *                          appearance)
 *   T_COLUMN               text line T
 * Strings have gnuplot's escapes and show as they are. Caller frees. */
char *figure_script(const struct figure *f);

/* figure_quote - S as a single-quoted gnuplot string whose enhanced text shows S; with TIC, '%' is
 * doubled as tic labels need it. Caller frees. */
char *figure_quote(const char *s, bool tic);
#endif
