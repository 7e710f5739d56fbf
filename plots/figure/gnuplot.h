/* gnuplot.h - draw a figure's script with gnuplot and check the files that it writes. */
#ifndef GNUPLOT_H
#define GNUPLOT_H

#include <stdbool.h>

extern double gnuplot_timeout_s; /* 60 */

bool gnuplot_is_installed(void);

/* gnuplot_draw - draw DIR/NAME.gp as DIR/NAME.FORMAT for each of the NULL-terminated FORMATS
 * ("pdf", "svg", "png"). The files replace older ones only when all of them are complete. Errors:
 * FAIL_TOOL if gnuplot is missing, was killed, took too long or failed (with its first message);
 * FAIL_STORE if it reported success but a file is incomplete, as on a full disk. */
int gnuplot_draw(const char *dir, const char *name, const char *const *formats);
#endif
