/* figure.h - a figure that is made from the result database: a data file and a complete gnuplot
 * script, which need nothing else to be drawn. */
#ifndef FIGURE_H
#define FIGURE_H

#include "plots/figure/template.h"
#include "results/query/query.h"
#include "results/store/store.h"

struct figure {
    struct template t;
    struct rows *rows; /* [t.n_data] what the query of each data line returned */
    struct rows runs;  /* the same of the runs line */
    struct rows text;  /* the same of the text line */
    char *set;         /* assignments for the script before its size, or NULL; owned */
    char *left_out;    /* owned: runs that are excluded, and why; "" if there are none */
};

/* figure_read - run the queries of f->t, which template_load has filled. PARAMS: NAME, VALUE, ...,
 * NULL from the command line. Errors: FAIL_USAGE for a parameter that none of the queries has;
 * FAIL_INPUT if the template does not fit its queries; FAIL_RUN if there are no runs yet, or no
 * numbers; FAIL_STORE. */
int figure_read(struct figure *f, struct store *s, const char *const *params);
/* figure_read_runs - only those of the runs line. */
int figure_read_runs(struct figure *f, struct store *s, const char *const *params);
/* figure_check - do the rows fit the template? Errors: FAIL_INPUT; FAIL_RUN without numbers. */
int figure_check(const struct figure *f);
void figure_free(struct figure *f);

/* figure_data (figure_data.c) - the data file. A header of comments names the caption, the runs,
 * their commits and the queries. Then follow the blocks (blocks.h) of every data line, separated by
 * two blank lines. A string in the first column is written as its index, from 1, in the list of the
 * script. The caller frees it. */
char *figure_data(const struct figure *f);

/* figure_script (figure_script.c) - the gnuplot script that draws NAME.dat of its own folder as
 * NAME.pdf, NAME.svg and NAME.png: these variables, plots/style.gp and the template's commands. For
 * a data line D and the text line T they are
 *
 *   data, stem, format, width, height
 *   D_first, D_blocks      the index of its first block, and the number of its blocks
 *   D_COLUMN_min, _max     the range of a numeric column; NaN if it has no numbers
 *   D_KEY[], D_KEY_n       the value of KEY in each block, and the number of distinct values
 *   D_COLUMN[]             the distinct values of its first column: numbers in ascending order,
 *                          strings in order of appearance
 *   T_COLUMN               the first row of T
 *
 * What is left out is the title, for which gnuplot makes room.
 *
 * Strings are escaped, so that gnuplot shows them as they are. The caller frees the script. */
char *figure_script(const struct figure *f);

/* figure_quote (figure_script.c) - TEXT as a single-quoted gnuplot string whose enhanced text shows
 * it as one line (text_one_line). TIC doubles '%', as tic labels need it. The caller frees it. */
char *figure_quote(const char *text, bool tic);
#endif
