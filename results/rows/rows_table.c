/* rows_table.c - a table of cells for a terminal. */
#include "results/rows/rows_table.h"
#include "core/base/terminal.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/opt/fill.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { GAP = 2, NARROW_TEXT = 14, FEW_ROWS = 4 };

/* Which columns are shown, and how wide. */
struct layout {
    const struct rows *r;
    int limit;
    int *width; /* 0: not shown */
};

/* --- single cells */

/* A character that a terminal must not see is shown as its number. */
static int char_text(char out[8], uint32_t c, const char *at, const char *end)
{
    if (utf8_unsafe(c))
        snprintf(out, 8, c < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)c);
    else
        snprintf(out, 8, "%.*s", (int)(end - at), at);
    return utf8_unsafe(c) ? (int)strlen(out) : utf8proc_charwidth((utf8proc_int32_t)c);
}

static int put_chars(FILE *to, const char *s, size_t n)
{
    const char *end = s + n;
    int width = 0;

    while (s < end) {
        char out[8];
        const char *at = s;
        uint32_t c = utf8_next(&s, end);
        width += char_text(out, c, at, s);
        if (to)
            fputs(c == 0xFFFD ? "\xEF\xBF\xBD" : out, to);
    }
    return width;
}

static int text_width(const char *s)
{
    return put_chars(NULL, s, strlen(s));
}

static void put_spaces(FILE *to, int n)
{
    for (; n > 0; n--)
        fputc(' ', to);
}

/* How many bytes of S fit into WIDTH columns: whole words, or as many characters as fit of a word
 * that is too long. */
static size_t line_bytes(const char *s, int width)
{
    const char *end = s + strlen(s), *p = s, *word = s;
    int columns = 0;

    while (p < end) {
        char out[8];
        const char *at = p;
        uint32_t c = utf8_next(&p, end);
        columns += char_text(out, c, at, p);
        if (columns > width && *at == ' ') /* a line may end here; spaces are not printed */
            return (size_t)(p - s);
        if (columns > width)
            return (size_t)((word > s ? word : at > s ? at : p) - s);
        if (*at == ' ' || *at == '/' || (*at == ',' && !isdigit((unsigned char)*p)))
            word = p;
    }
    return (size_t)(end - s);
}

/* --- the layout */

static const char *cell(const struct layout *l, int row, int col, char buf[32])
{
    return row < 0 ? l->r->col[col] : rows_cell(l->r, row, col, buf);
}

static int total(const struct layout *l)
{
    int sum = -GAP;

    for (int i = 0; i < l->r->n_cols; i++)
        sum += l->width[i] ? l->width[i] + GAP : 0;
    return sum;
}

static void measure(struct layout *l)
{
    for (int i = 0; i < l->r->n_cols; i++)
        for (int row = -1; row < l->r->n_rows; row++) {
            char buf[32];
            int w = text_width(cell(l, row, i, buf));
            l->width[i] = w > l->width[i] ? w : l->width[i];
        }
}

static bool all_alike(const struct layout *l, int col)
{
    char a[32], b[32];

    for (int row = 1; row < l->r->n_rows; row++)
        if (strcmp(cell(l, 0, col, a), cell(l, row, col, b)) != 0)
            return false;
    return true;
}

static bool is_empty(const struct layout *l, int col)
{
    for (int row = 0; row < l->r->n_rows; row++)
        if (l->r->cell[(size_t)row * (size_t)l->r->n_cols + (size_t)col])
            return false;
    return true;
}

/* Columns in which all rows are alike go into lines above the table: first those without a value,
 * then from the left, as many as needed, because what a table is about stands at its right. At
 * least one column stays. */
static void take_alike(struct layout *l, struct text *empty, struct text *alike)
{
    int left = 0;

    for (int i = 0; i < l->r->n_cols; i++)
        left += !all_alike(l, i);
    for (int pass = 0; pass < 2 && left > 0; pass++)
        for (int i = 0; i < l->r->n_cols && total(l) > l->limit; i++) {
            char buf[32];
            if (!l->width[i] || !all_alike(l, i) || is_empty(l, i) != (pass == 0))
                continue;
            if (pass == 0)
                text_join(empty, ", ", "%s", l->r->col[i]);
            else
                text_join(alike, ", ", "%s = %s", l->r->col[i], cell(l, 0, i, buf));
            l->width[i] = 0;
        }
}

/* The widest column of text that can still become narrower; -1: none. */
static int widest_text(const struct layout *l)
{
    int widest = -1;

    for (int i = 0; i < l->r->n_cols; i++)
        if (!l->r->numeric[i] && l->width[i] > NARROW_TEXT &&
            l->width[i] > text_width(l->r->col[i]) &&
            (widest < 0 || l->width[i] > l->width[widest]))
            widest = i;
    return widest;
}

static void break_texts(struct layout *l)
{
    int *was = xalloc((size_t)l->r->n_cols + 1, sizeof *was);

    memcpy(was, l->width, (size_t)l->r->n_cols * sizeof *was);
    for (int i; total(l) > l->limit && (i = widest_text(l)) >= 0;)
        l->width[i]--;
    if (total(l) > l->limit) /* then it is no use */
        memcpy(l->width, was, (size_t)l->r->n_cols * sizeof *was);
    free(was);
}

static void leave_out(struct layout *l, struct text *below)
{
    int shown = 0, n = 0;

    for (int i = 0; i < l->r->n_cols; i++)
        shown += l->width[i] > 0;
    for (int i = l->r->n_cols - 1; i >= 0 && shown > 1 && total(l) > l->limit; i--)
        if (l->width[i]) {
            l->width[i] = 0;
            shown--, n++;
        }
    for (int i = l->r->n_cols - n; n > 0 && i < l->r->n_cols; i++)
        text_join(below, ", ", "%s", l->r->col[i]);
}

/* --- printing */

static void put_prose(FILE *to, const char *text)
{
    struct text safe = { 0 };

    for (const char *s = text, *end = s + strlen(s); s < end;) {
        char out[8];
        const char *at = s;
        uint32_t c = utf8_next(&s, end);
        char_text(out, c, at, s);
        text_add(&safe, "%s", c == 0xFFFD ? "?" : out);
    }
    fill_text(to, text_string(&safe), 0, 0);
    text_free(&safe);
}

static void put_row(FILE *to, const struct layout *l, int row)
{
    const struct rows *r = l->r;
    int last = r->n_cols - 1;
    size_t *from = xalloc((size_t)r->n_cols + 1, sizeof *from);
    bool more = true;

    while (last > 0 && !l->width[last])
        last--;
    while (more) {
        more = false;
        for (int i = 0; i <= last; i++) {
            char buf[32];
            const char *text = cell(l, row, i, buf) + from[i];
            if (!l->width[i])
                continue;
            size_t n = line_bytes(text, l->width[i]), shown = n;
            while (text[n] && shown > 0 && text[shown - 1] == ' ')
                shown--;
            int room = l->width[i] - put_chars(NULL, text, shown);
            if (r->numeric[i])
                put_spaces(to, room);
            put_chars(to, text, shown);
            if (!r->numeric[i] && i < last)
                put_spaces(to, room);
            fputs(i < last ? "  " : "\n", to);
            from[i] += n;
            more |= text[n] != 0;
        }
    }
    free(from);
}

static void put_grid(FILE *to, const struct layout *l)
{
    bool first = true;

    put_row(to, l, -1);
    for (int i = 0; i < l->r->n_cols; i++) {
        if (!l->width[i])
            continue;
        put_spaces(to, first ? 0 : GAP);
        for (int k = 0; k < l->width[i]; k++)
            fputc('-', to);
        first = false;
    }
    fputc('\n', to);
    for (int row = 0; row < l->r->n_rows; row++)
        put_row(to, l, row);
}

/* Lines "column  value", for each row. */
static void put_vertical(FILE *to, const struct rows *r, int limit)
{
    int left = 0;

    for (int i = 0; i < r->n_cols; i++) {
        int w = text_width(r->col[i]);
        left = w > left ? w : left;
    }
    int room = limit - left - GAP > NARROW_TEXT ? limit - left - GAP : NARROW_TEXT;
    for (int row = 0; row < r->n_rows; row++)
        for (int i = 0; i < r->n_cols; i++) {
            char buf[32];
            const char *text = rows_cell(r, row, i, buf);
            fputs(row > 0 && i == 0 ? "\n" : "", to);
            int w = put_chars(to, r->col[i], strlen(r->col[i]));
            put_spaces(to, left + GAP - w);
            do {
                size_t n = line_bytes(text, room);
                put_chars(to, text, n);
                text += n;
                fputc('\n', to);
                put_spaces(to, *text ? left + GAP : 0);
            } while (*text);
        }
}

/* A line "WHAT: NAMES", unless there are no names. */
static void put_names(FILE *to, const char *what, struct text *names, const char *after)
{
    struct text line = { 0 };

    text_add(&line, "%s: %s%s", what, text_string(names), after);
    if (names->n)
        put_prose(to, line.s);
    text_free(&line);
    text_free(names);
}

void rows_table(FILE *to, const struct rows *r)
{
    struct layout l = { r, terminal_wide || r->n_cols == 1 ? INT_MAX : terminal_columns(to), NULL };
    struct text empty = { 0 }, alike = { 0 }, below = { 0 };

    l.width = xalloc((size_t)r->n_cols + 1, sizeof *l.width);
    measure(&l);
    if (total(&l) > l.limit && r->n_rows > 1)
        take_alike(&l, &empty, &alike);
    if (total(&l) > l.limit && r->n_rows > 1)
        break_texts(&l);
    if (total(&l) > l.limit && r->n_rows > 0 && r->n_rows <= FEW_ROWS) {
        put_vertical(to, r, l.limit);
        text_free(&empty);
        text_free(&alike);
    } else {
        leave_out(&l, &below);
        put_names(to, "in every row", &alike, "");
        put_names(to, "without a value", &empty, "");
        put_grid(to, &l);
    }
    put_names(to, "not shown", &below, " (--wide shows them)");
    for (int i = 0; i < r->n_notes; i++) {
        fputc('\n', to);
        put_prose(to, r->note[i]);
    }
    free(l.width);
}

void rows_title(FILE *to, const char *title)
{
    if (terminal_wide)
        fprintf(to, "%s\n", title);
    else
        put_prose(to, title);
    fputc('\n', to);
}
