/* row_template.h - a string with columns in it, such as "{question}\n{columns}\nSQL:". Layer 3. */
#ifndef ROW_TEMPLATE_H
#define ROW_TEMPLATE_H

#include "core/base/text.h"

/* {name} stands for the column of that name; {{ and }} are the braces themselves. A part is a
 * column, or text between columns. */
struct row_part {
    char *text; /* owned; of a column its name */
    bool is_column;
    int column; /* of a column: set by whoever knows them */
};
struct row_template {
    struct row_part *part;
    int n;
};

/* row_template_parse - NULL, or what is wrong with TEXT, which is static; then T is empty.
 * row_template_render - append T with VALUE[part.column] for every column. row_template_free - does
 * nothing for a zeroed struct. */
const char *row_template_parse(struct row_template *t, const char *text);
void row_template_render(struct text *out, const struct row_template *t, const char *const *value);
void row_template_free(struct row_template *t);
#endif
