/* page.h - the parts of the report, one HTML page made from the store. */
#ifndef PAGE_H
#define PAGE_H

#include "results/query/query.h"
#include "results/store/store.h"

struct report {
    FILE *to; /* the body so far */
    struct store *s;
    FILE *nav;           /* list items of the contents */
    const char *studies; /* names, one a line; NULL: all */
    char *dir;           /* of gnuplot's files; NULL: gnuplot is not there */
    int n_figures;
};

/* All of these return -1 after fail() for a fault of the store or the program's own files. A figure
 * that cannot be drawn is a line of the page. */

/* report_wants - is STUDY one of those that were named, or none was? */
bool report_wants(const struct report *p, const char *study);

/* report_section - begin <section id=PREFIX_NAME> with heading TITLE, listed in the contents. */
void report_section(struct report *p, const char *prefix, const char *name, const char *title);
void report_section_end(struct report *p);

/* report_rows - the rows of named query QUERY; a parameter that it does not take is not given. */
int report_rows(struct report *p, struct rows *r, const char *query, const char *study);

/* report_table - the same as a table; CAPTION NULL: what the query's first line says; FOLD: a long one
 * is folded away. Returns the number of rows; without any nothing is written. */
int report_table(struct report *p, const char *query, const char *study, const char *caption,
                 bool fold);

/* report_command - the lines of a shell, each word quoted where it must be: WORDS, then ARGS, a
 * word a line. Either may be NULL. */
void report_command(struct report *p, const char *words, const char *args);

/* report_figure - figure NAME as inline SVG, or as PNG where SVG would be large. STUDY: its parameter
 * "study", NULL: its own. QUIET: one without runs is left out and not told. Returns 1 if it is
 * there. */
int report_figure(struct report *p, const char *name, const char *study, bool quiet);

int report_studies(struct report *p);
int report_analyses(struct report *p); /* what 'lowrank ablate' and 'lowrank bench' stored */
int report_claims(struct report *p);
int report_provenance(struct report *p);
#endif
