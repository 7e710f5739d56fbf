/* page.h - the parts of the report, one HTML page made from the store. */
#ifndef PAGE_H
#define PAGE_H

#include "results/store/store.h"

struct page {
    FILE *to; /* the body so far */
    struct store *s;
    FILE *nav;           /* list items of the contents */
    const char *studies; /* names, one a line; NULL: all */
    char *dir;           /* of gnuplot's files; NULL: gnuplot is not there */
    int n_figures;
};

/* All of these return -1 after fail() for a fault of the store or the program's own files. A figure
 * that cannot be drawn is a line of the page. */

/* page_wants - is STUDY one of those that were named, or none was? */
bool page_wants(const struct page *p, const char *study);

/* page_section - begin <section id=PREFIX_NAME> with heading TITLE, listed in the contents. */
void page_section(struct page *p, const char *prefix, const char *name, const char *title);
void page_section_end(struct page *p);

/* page_rows - the rows of named query QUERY; a parameter that it does not take is not given. */
int page_rows(struct page *p, struct rows *r, const char *query, const char *study);

/* page_table - the same as a table; CAPTION NULL: what the query's first line says; FOLD: a long one
 * is folded away. Returns the number of rows; without any nothing is written. */
int page_table(struct page *p, const char *query, const char *study, const char *caption,
               bool fold);

/* page_command - the lines of a shell, each word quoted where it must be: WORDS, then ARGS, a
 * word a line. Either may be NULL. */
void page_command(struct page *p, const char *words, const char *args);

/* page_figure - figure NAME as inline SVG, or as PNG where SVG would be large. STUDY: its parameter
 * "study", NULL: its own. QUIET: one without runs is left out and not told. Returns 1 if it is
 * there. */
int page_figure(struct page *p, const char *name, const char *study, bool quiet);

int page_studies(struct page *p);
int page_analyses(struct page *p); /* what 'lowrank ablate' and 'lowrank bench' stored */
int page_claims(struct page *p);
int page_provenance(struct page *p);
#endif
