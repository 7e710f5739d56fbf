/* figure_study.h - a figure of any study. */
#ifndef FIGURE_STUDY_H
#define FIGURE_STUDY_H

#include "plots/figure/figure.h"
#include "results/pivot/pivot.h"
#include "results/pivot/pivot_words.h"

/* The words of a figure:
 *   x        a key of the cells; or "parameters", a metric, or another number of a run: a scatter
 *            plot of the cells with their Pareto front; or "step", "epoch": learning curves
 *   y        a metric or another number; a key: a heat map of the study's number
 *   series, panel   keys that tell lines and panels apart
 *   kind     lines, heat, scatter or curves, in place of what x and y say; curves=true: kind=curves
 *   logx     true or false, in place of what the values of x say
 *   stat     as for tables (pivot_stats)
 *   split    of curves: train, dev
 * What they leave open is chosen from the keys in which cells differ. */
extern const char *const figure_words[];

/* figure_study - *f becomes the figure NAME of o->study. ASKED: the words are those of the command
 * line, and a key that they do not show is an error; else it is added to the series. Errors:
 * FAIL_USAGE, FAIL_RUN if there is nothing to draw, FAIL_INPUT, FAIL_STORE. */
int figure_study(struct figure *f, struct store *s, const char *name, const struct scope *o,
                 const struct pivot_words *w, bool asked);

/* What the figure shows, for figure_rows.c. */
enum figure_kind { FIGURE_LINES, FIGURE_HEAT, FIGURE_SCATTER, FIGURE_CURVES };
struct figure_plan {
    enum figure_kind kind;
    const char *x, *y;               /* keys or numbers; Y of a heat map only */
    struct pivot_keys series, panel; /* all that tell lines and panels apart */
    const char *log;                 /* base of x's logarithmic axis, or "" */
    bool names;                      /* x has categories */
    const struct pivot *p, *of_x;    /* OF_X: the numbers of x, of a scatter plot */
};

/* figure_label (figure_rows.c) - the values of keys K of cell I: "q,v", "r = 8, q,v"; the caller
 * frees it. figure_rows - fill the rows of each data line of f->t. CURVES: the rows of
 * pivot_curves.sql. */
char *figure_label(const struct pivot *p, const struct pivot_keys *k, int i);
void figure_rows(struct figure *f, const struct figure_plan *plan, const struct rows *curves);
#endif
