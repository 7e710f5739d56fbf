/* rows_print.c - rows for people (Markdown, LaTeX; long numbers are rounded to six digits) and for
 * programs (CSV, JSON; numbers as they are). The aligned table is in rows_table.c. */
#include "results/rows/rows.h"
#include "results/rows/rows_table.h"
#include "core/base/utf8.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char missing[] = "-"; /* in CSV an empty field, in JSON null */

/* The text that a format writes in place of a byte. */
struct escape {
    char byte;
    const char *text;
};
static const struct escape for_md[] = {
    { '|', "\\|" }, { '\\', "\\\\" }, { '*', "\\*" },   { '_', "\\_" },
    { '`', "\\`" }, { '<', "&lt;" },  { '&', "&amp;" }, { 0, 0 },
};
static const struct escape for_latex[] = {
    { '&', "\\&" },
    { '%', "\\%" },
    { '$', "\\$" },
    { '#', "\\#" },
    { '_', "\\_" },
    { '{', "\\{" },
    { '}', "\\}" },
    { '~', "\\textasciitilde{}" },
    { '^', "\\textasciicircum{}" },
    { '\\', "\\textbackslash{}" },
    { '<', "\\textless{}" },
    { '>', "\\textgreater{}" },
    { 0, 0 },
};
static const struct escape for_json[] = {
    { '"', "\\\"" }, { '\\', "\\\\" }, { '\n', "\\n" }, { '\r', "\\r" }, { '\t', "\\t" }, { 0, 0 },
};

static const char *escaped(const struct escape *e, uint32_t c)
{
    for (; e->text; e++)
        if ((unsigned char)e->byte == c)
            return e->text;
    return NULL;
}

static void put_text(FILE *to, const char *s, const struct escape *e)
{
    const char *end = s + strlen(s);

    while (s < end) {
        const char *at = s;
        uint32_t c = utf8_next(&s, end);
        const char *text = escaped(e, c);
        if (text)
            fputs(text, to);
        else if (e == for_json && utf8_unsafe(c))
            fprintf(to, "\\u%04x", (unsigned)c);
        else if (e == for_latex && c == 0xB1)
            fputs("$\\pm$", to);
        else if (utf8_unsafe(c))
            fprintf(to, e == for_latex ? "?" : c < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)c);
        else if (c == 0xFFFD)
            fputs("\xEF\xBF\xBD", to);
        else
            fwrite(at, 1, (size_t)(s - at), to);
    }
}

static const char *cell_at(const struct rows *r, int row, int col)
{
    return r->cell[(size_t)row * (size_t)r->n_cols + (size_t)col];
}

const char *rows_cell(const struct rows *r, int row, int col, char buf[32])
{
    const char *s = cell_at(r, row, col);

    if (!s)
        return missing;
    if (!r->numeric[col] || !strchr(s, '.') || strlen(s) < 9)
        return s;
    snprintf(buf, 32, "%.6g", strtod(s, NULL));
    return buf;
}

/* --- CSV (RFC 4180): NULL is an empty field, an empty string is "" */

static void put_csv_field(FILE *to, const char *s)
{
    if (!s)
        return;
    if (*s && !strpbrk(s, ",\"\r\n") && *s != ' ' && s[strlen(s) - 1] != ' ') {
        fputs(s, to);
        return;
    }
    fputc('"', to);
    for (; *s; s++) {
        if (*s == '"')
            fputc('"', to);
        fputc(*s, to);
    }
    fputc('"', to);
}

/* A number with at most 15 significant digits: the others are noise of sums, and 0.1 + 0.2 is 0.3.
 * BUF holds it. */
static const char *rounded(const char *s, bool numeric, char buf[40])
{
    char *end;

    if (!s || !numeric || !strchr(s, '.') || strlen(s) < 17)
        return s;
    double x = strtod(s, &end);
    if (*end || !isfinite(x))
        return s;
    snprintf(buf, 40, "%.15g", x);
    return buf;
}

static void put_csv(FILE *to, const struct rows *r)
{
    char buf[40];

    for (int row = -1; row < r->n_rows; row++)
        for (int i = 0; i < r->n_cols; i++) {
            put_csv_field(to,
                          row < 0 ? r->col[i] : rounded(cell_at(r, row, i), r->numeric[i], buf));
            fputs(i + 1 < r->n_cols ? "," : "\n", to);
        }
}

/* --- JSON */

/* Is S a number as JSON writes it, and one that a double can hold? strtod also reads "007", "0x1f",
 * and the digits "1234e567" that a key may begin with. */
static bool is_json_number(const char *s)
{
    const char *p = s + (*s == '-');
    size_t whole = strspn(p, "0123456789");

    if (whole == 0 || (*p == '0' && whole > 1))
        return false;
    p += whole;
    if (*p == '.' && isdigit((unsigned char)p[1]))
        p += 1 + strspn(p + 1, "0123456789");
    if (*p == 'e' || *p == 'E') {
        p += 1 + (p[1] == '+' || p[1] == '-');
        if (!isdigit((unsigned char)*p))
            return false;
        p += strspn(p, "0123456789");
    }
    return !*p && isfinite(strtod(s, NULL));
}

/* JSON has neither inf nor nan. */
static bool is_not_finite(const char *s)
{
    return isalpha((unsigned char)s[*s == '-' || *s == '+']) && !isfinite(strtod(s, NULL));
}

static void put_json_value(FILE *to, const char *s, bool numeric)
{
    if (!s || (numeric && is_not_finite(s))) {
        fputs("null", to);
    } else if (numeric && is_json_number(s)) {
        fputs(s, to);
    } else {
        fputc('"', to);
        put_text(to, s, for_json);
        fputc('"', to);
    }
}

static void put_json(FILE *to, const struct rows *r)
{
    char buf[40];

    fputc('[', to);
    for (int row = 0; row < r->n_rows; row++) {
        fputs(row ? ",\n {" : "\n {", to);
        for (int i = 0; i < r->n_cols; i++) {
            fputs(i ? ", " : "", to);
            put_json_value(to, r->col[i], false);
            fputs(": ", to);
            put_json_value(to, rounded(cell_at(r, row, i), r->numeric[i], buf), r->numeric[i]);
        }
        fputc('}', to);
    }
    fputs(r->n_rows ? "\n]\n" : "]\n", to);
}

/* --- Markdown and LaTeX */

static void put_md(FILE *to, const struct rows *r)
{
    for (int row = -1; row < r->n_rows; row++) {
        for (int i = 0; i < r->n_cols; i++) {
            char buf[32];
            const char *text = row < 0 ? r->col[i] : rows_cell(r, row, i, buf);
            fputs("| ", to);
            put_text(to, text, for_md);
            fputc(' ', to);
        }
        fputs("|\n", to);
        for (int i = 0; row < 0 && i < r->n_cols; i++)
            fputs(r->numeric[i] ? "| --: " : "| --- ", to);
        if (row < 0)
            fputs("|\n", to);
    }
}

static void put_latex(FILE *to, const struct rows *r)
{
    fputs("% needs \\usepackage{booktabs}\n\\begin{tabular}{", to);
    for (int i = 0; i < r->n_cols; i++)
        fputc(r->numeric[i] ? 'r' : 'l', to);
    fputs("}\n\\toprule\n", to);
    for (int row = -1; row < r->n_rows; row++) {
        for (int i = 0; i < r->n_cols; i++) {
            char buf[32];
            const char *text = row < 0 ? r->col[i] : rows_cell(r, row, i, buf);
            put_text(to, text, for_latex);
            fputs(i + 1 < r->n_cols ? " & " : " \\\\\n", to);
        }
        if (row < 0)
            fputs("\\midrule\n", to);
    }
    fputs("\\bottomrule\n\\end{tabular}\n", to);
}

static void put_notes(FILE *to, const struct rows *r, enum rows_format f)
{
    for (int i = 0; i < r->n_notes; i++)
        if (f == ROWS_CSV || f == ROWS_JSON) {
            note("%s", r->note[i]);
        } else {
            fputs(f == ROWS_LATEX ? "\n{\\footnotesize " : "\n", to);
            put_text(to, r->note[i], f == ROWS_LATEX ? for_latex : for_md);
            fputs(f == ROWS_LATEX ? "}\n" : "\n", to);
        }
}

int rows_print(FILE *to, const struct rows *r, enum rows_format f)
{
    static void (*const put[])(FILE *, const struct rows *) = { rows_table, put_csv, put_json,
                                                                put_md, put_latex };

    struct rows view = rows_view(r, f != ROWS_CSV && f != ROWS_JSON);

    put[f](to, &view);
    if (f != ROWS_TABLE)
        put_notes(to, r, f);
    rows_view_free(&view);
    return output_end(to);
}
