/* html.c - pieces of HTML. */
#include "plots/report/html.h"
#include "core/base/utf8.h"
#include "results/store/embed.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void html_text(FILE *to, const char *s)
{
    const char *end = s + strlen(s);

    while (s < end) {
        const char *at = s;
        uint32_t c = utf8_next(&s, end);
        if (c == 0xFFFD)
            fputs("\xEF\xBF\xBD", to);
        else if (c == '<' || c == '>' || c == '&' || c == '"' || c == '\'')
            fprintf(to, "&#%d;", (int)c);
        else if ((utf8_unsafe(c) && c != '\t' && c != '\n') || c > 0x10FFFD ||
                 (c & 0xFFFE) == 0xFFFE) /* not allowed in XML or HTML */
            fputc(' ', to);
        else
            fwrite(at, 1, (size_t)(s - at), to);
    }
}

void html_id(FILE *to, const char *prefix, const char *s)
{
    fputs(prefix, to);
    for (; *s; s++)
        if (isalnum((unsigned char)*s) || *s == '-')
            fputc(*s, to);
        else
            fprintf(to, "_%02x", (unsigned char)*s);
}

void html_word(FILE *to, const char *s)
{
    static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                               "_-+=,./:@%";

    if (*s && !s[strspn(s, safe)]) {
        html_text(to, s);
        return;
    }
    html_text(to, "'");
    for (; *s; s += strcspn(s, "'"), s += *s == '\'') {
        char *part = xprintf("%.*s", (int)strcspn(s, "'"), s);
        html_text(to, part);
        html_text(to, s[strlen(part)] ? "'\\''" : "");
        free(part);
    }
    html_text(to, "'");
}

/* --- tables */

enum kind { EMPTY, TEXT, NUMBERS, SAME /* the same string in all rows */ };

static const char *table_cell(const struct rows *r, int row, int col)
{
    return r->cell[(size_t)row * (size_t)r->n_cols + (size_t)col];
}

/* Does a reader take S for a number? "81.7 ± 0.2 (3)", "54.2 (1), 1 diverged", "68.8 / 73.4" */
static bool is_like_number(const char *s)
{
    const char *rest = s + strspn(s, "0123456789 .,;()[]/±+-e%");

    return isdigit((unsigned char)s[*s == '-' || *s == '+']) &&
           (!*rest || strncmp(rest, "diverged", 8) == 0);
}

static enum kind classify_column(const struct rows *r, int col)
{
    const char *first = NULL;
    bool same = true, numbers = true;

    for (int row = 0; row < r->n_rows; row++) {
        const char *s = table_cell(r, row, col);
        s = s && *s ? s : NULL; /* an empty string is no value either */
        first = first ? first : s;
        same = same && s && strcmp(s, first) == 0;
        numbers = numbers && (!s || is_like_number(s));
    }
    if (!first)
        return EMPTY;
    return numbers || r->numeric[col] ? NUMBERS : same && r->n_rows > 1 ? SAME : TEXT;
}

static void put_table_caption(FILE *to, const struct rows *r, const enum kind *kind,
                              const char *caption)
{
    const char *before = " In every row: ";

    fputs("<caption><div>", to); /* the div keeps the caption in view when a wide table scrolls */
    html_text(to, caption);
    for (int i = 0; i < r->n_cols; i++) {
        if (kind[i] != SAME)
            continue;
        fputs(before, to);
        html_text(to, r->col[i]);
        fputs(" <b>", to);
        html_text(to, table_cell(r, 0, i));
        fputs("</b>", to);
        before = ", ";
    }
    fputs(*before == ',' ? ".</div></caption>\n" : "</div></caption>\n", to);
}

static void put_cell_class(FILE *to, const struct rows *r, const enum kind *kind, int i)
{
    bool paper = strncmp(r->col[i], "paper", 5) == 0;

    if (kind[i] == NUMBERS || paper)
        fprintf(to, " class=\"%s%s\"", kind[i] == NUMBERS ? "n" : "",
                paper ? (kind[i] == NUMBERS ? " paper" : "paper") : "");
}

/* ROW -1: the head of the table. */
static void put_table_row(FILE *to, const struct rows *r, const enum kind *kind, int row)
{
    bool first = true;

    fputs("<tr>", to);
    for (int i = 0; i < r->n_cols; i++) {
        char buf[32];
        if (kind[i] == EMPTY || kind[i] == SAME)
            continue;
        const char *tag = row < 0 || first ? "th" : "td";
        fprintf(to, "<%s", tag);
        if (row < 0 || first)
            fprintf(to, " scope=\"%s\"", row < 0 ? "col" : "row");
        put_cell_class(to, r, kind, i);
        fputc('>', to);
        html_text(to, row < 0 ? r->col[i] : rows_cell(r, row, i, buf));
        fprintf(to, "</%s>", tag);
        first = false;
    }
    fputs("</tr>\n", to);
}

void html_table(FILE *to, const struct rows *all, const char *caption)
{
    struct rows view = rows_view(all, true), *r = &view;
    enum kind *kind = xalloc((size_t)r->n_cols + 1, sizeof *kind);
    int shown = 0;

    for (int i = 0; i < r->n_cols; i++) {
        kind[i] = classify_column(r, i);
        shown += kind[i] == TEXT || kind[i] == NUMBERS;
    }
    if (shown == 0 && r->n_cols > 0) /* otherwise only the caption would be left */
        kind[0] = TEXT;
    fputs("<div class=\"box\" tabindex=\"0\" role=\"region\" aria-label=\"", to);
    html_text(to, caption);
    fputs("\"><table>\n", to);
    put_table_caption(to, r, kind, caption);
    fputs("<thead>", to);
    put_table_row(to, r, kind, -1);
    fputs("</thead>\n<tbody>\n", to);
    for (int row = 0; row < r->n_rows; row++)
        put_table_row(to, r, kind, row);
    fputs("</tbody></table></div>\n", to);
    free(kind);
    rows_view_free(&view);
}

const char *html_style(void)
{
    for (const struct embedded *f = embedded_files; f->name; f++)
        if (strcmp(f->name, "report.css") == 0)
            return f->text;
    bug(__FILE__, __LINE__, "report.css", "not embedded in the program");
}
