/* gnuplot.h - run gnuplot on a figure's script and believe its files only after looking at them. */
#ifndef GNUPLOT_H
#define GNUPLOT_H

extern double gnuplot_timeout_s; /* 60 */

/* gnuplot_draw - DIR/NAME.gp to DIR/NAME.FORMAT for each of the NULL-terminated FORMATS ("pdf",
 * "svg", "png"). Files take their names only when all are complete: an older figure stays until
 * then. Errors: FAIL_TOOL: gnuplot is missing, was killed, took too long or failed (its first
 * message); FAIL_STORE: it said all is well and a file is not whole, as on a full disk. */
int gnuplot_draw(const char *dir, const char *name, const char *const *formats);
#endif
