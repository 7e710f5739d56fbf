/* outline.h - the layout of a command's detail, read line by line.
 *
 * A detail is plain text in this form:
 *
 *     A paragraph is a run of lines that are not indented. A line break in it means nothing.
 *       TERM   what it is, two spaces or more after it; lines that begin
 *              at the same column continue it
 *                lowrank example        (any other indented line is kept as it is)
 *
 * An empty line separates paragraphs. */
#ifndef OUTLINE_H
#define OUTLINE_H

#include "core/base/macros.h"

enum outline_kind {
    OUTLINE_PARAGRAPH, /* TEXT */
    OUTLINE_ENTRY,     /* TERM and its TEXT, which began at column AT */
    OUTLINE_LITERAL,   /* TEXT, without its indentation of AT columns */
    OUTLINE_GAP        /* an empty line */
};

/* The column at which the texts of an option table begin. A term that leaves no room before it has
 * its text on the next line. */
enum { OUTLINE_COLUMN = 26 };

/* A piece of the detail. TERM and TEXT are owned. */
struct outline {
    enum outline_kind kind;
    char *term, *text;
    int at;
};

/* outline_next - read the next piece at *FROM into O and move *FROM behind it; false: there is
 * none. The caller calls outline_free after each. */
bool outline_next(struct outline *o, const char **from);
void outline_free(struct outline *o);
#endif
