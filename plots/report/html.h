/* html.h - pieces of an HTML page that is well-formed XML as well: texts, tables, commands. */
#ifndef HTML_H
#define HTML_H

#include "results/store/store.h"

/* html_text - S as text or as the value of a quoted attribute. Bytes that are no UTF-8 become
 * U+FFFD, control characters but tab and newline a blank. */
void html_text(FILE *to, const char *s);

/* html_id - PREFIX and S as the value of an id: every byte that is no letter, digit or '-' is
 * written as _XX (hex), so that different S have different ids. */
void html_id(FILE *to, const char *prefix, const char *s);

/* html_word - S as a word of a shell command line, quoted where it has to be. */
void html_word(FILE *to, const char *s);

/* html_table - R with CAPTION, in a box of its own that scrolls. Columns of numbers are aligned to
 * the right, columns named "paper..." have a class of their own, columns without any value are left
 * out, and columns that say the same in every row are said once, in the caption. Long numbers are
 * cut as rows_print does. */
void html_table(FILE *to, const struct rows *r, const char *caption);

/* html_style - the text of plots/report/report.css. */
const char *html_style(void);
#endif
