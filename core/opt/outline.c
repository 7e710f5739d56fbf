/* outline.c - the layout of a command's detail, read line by line. */
#include "core/opt/outline.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

/* A line of the detail: INDENT spaces, then N bytes at S. */
struct line {
    const char *s;
    int indent, n;
};

static struct line line_at(const char *from)
{
    struct line l = { .indent = (int)strspn(from, " ") };

    l.s = from + l.indent;
    l.n = (int)strcspn(l.s, "\n");
    return l;
}

static const char *line_after(struct line l)
{
    return l.s + l.n + (l.s[l.n] == '\n');
}

/* The length of the term that begins L, up to the two spaces after it; 0 if there is none. */
static int term_length(struct line l)
{
    const char *gap = memmem(l.s, (size_t)l.n, "  ", 2);

    return gap ? (int)(gap - l.s) : 0;
}

/* Add the line to the text of O, and those after it that begin at the same column. */
static const char *join_lines(struct outline *o, const char *from, int indent)
{
    struct text t = { 0 };
    struct line l = line_at(from);

    do {
        text_join(&t, " ", "%.*s", l.n, l.s);
        from = line_after(l);
        l = line_at(from);
    } while (l.n > 0 && l.indent == indent);
    o->text = text_take(&t);
    return from;
}

bool outline_next(struct outline *o, const char **from)
{
    struct line l = line_at(*from), next;

    *o = (struct outline){ 0 };
    if (!**from)
        return false;
    if (l.n == 0) {
        o->kind = OUTLINE_GAP;
        *from = line_after(l);
        return true;
    }
    if (l.indent == 0) {
        *from = join_lines(o, *from, 0);
        return true;
    }
    int term = term_length(l);
    if (term > 0) {
        int gap = (int)strspn(l.s + term, " ");
        o->kind = OUTLINE_ENTRY;
        o->term = xprintf("%.*s", term, l.s);
        o->at = l.indent + term + gap;
        *from = join_lines(o, l.s + term + gap, o->at);
        return true;
    }
    next = line_at(line_after(l));
    o->at = l.indent;
    if (next.n > 0 && next.indent >= OUTLINE_COLUMN && l.indent < OUTLINE_COLUMN) {
        o->kind = OUTLINE_ENTRY;
        o->term = xprintf("%.*s", l.n, l.s);
        o->at = next.indent;
        *from = join_lines(o, line_after(l), next.indent);
        return true;
    }
    o->kind = OUTLINE_LITERAL;
    o->text = xprintf("%.*s", l.n, l.s);
    *from = line_after(l);
    return true;
}

void outline_free(struct outline *o)
{
    free(o->term);
    free(o->text);
    *o = (struct outline){ 0 };
}
