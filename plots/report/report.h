/* report.h - the parts of the report: one HTML file that shows what the result database holds. */
#ifndef REPORT_H
#define REPORT_H

#include "results/query/query.h"
#include "results/store/store.h"

struct report {
    FILE *to;  /* the body */
    FILE *nav; /* the list items of the table of contents */
    struct store *s;
    const char *db;      /* its path; NULL: looks at verdicts are not recorded */
    const char *studies; /* names of the studies to show, one on a line; NULL: all */
    char *dir;           /* a temporary folder for gnuplot; NULL if gnuplot is not installed */
    int n_figures;       /* so far */
};

/* Functions that return int return -1 after fail() if the store or a file of the program is at
 * fault. A figure that cannot be drawn is no error: the report says why. */

/* report_document (report_document.c) - the whole report with this TITLE. *out is owned by the
 * caller. */
int report_document(char **out, struct report *rp, const char *title);

/* Its sections: studies; what 'lowrank ablate' and 'lowrank bench' stored; the verdicts on the
 * paper's claims; commits, machines, costs and input files. Each is in the file of its name. */
int report_studies(struct report *rp);
int report_analyses(struct report *rp);
int report_claims(struct report *rp);
int report_provenance(struct report *rp);

/* report_wants - whether STUDY is shown. */
bool report_wants(const struct report *rp, const char *study);

/* report_section - begin the section with id PREFIX_NAME and heading TITLE and list it in the table
 * of contents; report_section_end ends it. */
void report_section(struct report *rp, const char *prefix, const char *name, const char *title);
void report_section_end(struct report *rp);

/* report_rows - the rows of the named query QUERY with its parameters "study" (NULL: not given) and
 * "studies", as far as it has them. */
int report_rows(struct report *rp, struct rows *r, const char *query, const char *study);

/* report_table - the same as an HTML table with CAPTION (NULL: the first line of the query). With
 * FOLD, a long table is folded. Writes nothing if there are no rows. Returns their number. */
int report_table(struct report *rp, const char *query, const char *study, const char *caption,
                 bool fold);

/* report_left_out - a paragraph with TEXT, of footnote_excluded_text; nothing for "". */
void report_left_out(struct report *rp, const char *text);

/* report_command - a shell command: the lines of WORDS, then those of ARGS, one word on each line,
 * quoted where necessary. Either may be NULL. */
void report_command(struct report *rp, const char *words, const char *args);

/* report_figure (report_figure.c) - figure NAME as inline SVG, or as PNG if the SVG would be large.
 * STUDY is its parameter "study" (NULL: the template's). With QUIET, a figure without runs is left
 * out silently. Returns 1 if the figure was drawn, else 0. */
int report_figure(struct report *rp, const char *name, const char *study, bool quiet);
#endif
