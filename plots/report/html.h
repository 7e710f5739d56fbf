/* html.h - pieces of HTML that are well-formed XML, too: text, tables, shell words. */
#ifndef HTML_H
#define HTML_H

#include "results/store/store.h"

/* html_text - S as text or as the value of a quoted attribute. Bytes that are not UTF-8 become
 * U+FFFD; control characters other than tab and newline become blanks. */
void html_text(FILE *to, const char *s);

/* html_id - PREFIX and S as the value of an id. Every byte that is not a letter, a digit or '-' is
 * written as _XX (hexadecimal), so that different strings have different ids. */
void html_id(FILE *to, const char *prefix, const char *s);

/* html_word - S as a word of a shell command line, quoted where necessary. */
void html_word(FILE *to, const char *s);

/* html_table - R with CAPTION, in a box that scrolls by itself. Columns of numbers are aligned to
 * the right, and columns named "paper..." have a class of their own. Columns without any value are
 * left out; a column with one value in all rows is mentioned in the caption instead. Long numbers
 * are shortened as by rows_print. */
void html_table(FILE *to, const struct rows *r, const char *caption);

/* html_style - the content of plots/report/report.css. */
const char *html_style(void);
#endif
