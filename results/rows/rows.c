/* rows.c - a table of text cells. */
#include "results/rows/rows.h"
#include "core/base/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void rows_free(struct rows *r)
{
    for (int i = 0; i < r->n_cols; i++)
        free(r->col[i]);
    for (size_t i = 0; i < (size_t)r->n_rows * (size_t)r->n_cols; i++)
        free(r->cell[i]);
    for (int i = 0; i < r->n_notes; i++)
        free(r->note[i]);
    free(r->note);
    free(r->col);
    free(r->cell);
    free(r->numeric);
    memset(r, 0, sizeof *r);
}

const char *rows_get(const struct rows *r, int row, const char *col)
{
    for (int i = 0; i < r->n_cols && row < r->n_rows; i++)
        if (strcmp(r->col[i], col) == 0)
            return r->cell[(size_t)row * (size_t)r->n_cols + (size_t)i];
    return NULL;
}

void rows_init(struct rows *r, const char *const *cols)
{
    *r = (struct rows){ 0 };
    while (cols[r->n_cols])
        r->n_cols++;
    r->col = xalloc((size_t)r->n_cols, sizeof *r->col);
    r->numeric = xalloc((size_t)r->n_cols, 1);
    for (int i = 0; i < r->n_cols; i++) {
        r->col[i] = xstrdup(cols[i]);
        r->numeric[i] = 1;
    }
}

static const char *after_digits(const char *p)
{
    return p + strspn(p, "0123456789");
}

/* A number as JSON writes it and jansson reads it, or "nan" or "inf". Whatever else strtod accepts
 * ("007", "0x10", "5.") is more likely a name. */
static bool is_number(const char *s)
{
    const char *p = s + (*s == '-'), *end = after_digits(p);

    if (strcmp(p, "nan") == 0 || strcmp(p, "inf") == 0)
        return true;
    if (end == p || (*p == '0' && end > p + 1))
        return false;
    bool integer = !*end;
    if (*end == '.') {
        p = end + 1;
        end = after_digits(p);
    }
    if (end > p && (*end == 'e' || *end == 'E')) {
        p = end + (end[1] == '+' || end[1] == '-' ? 2 : 1);
        end = after_digits(p);
    }
    errno = 0;
    if (integer)
        (void)strtoll(s, NULL, 10);
    return end > p && !*end && (integer ? errno == 0 : isfinite(strtod(s, NULL)));
}

void rows_add(struct rows *r, const char *const *cells)
{
    size_t at = (size_t)r->n_rows++ * (size_t)r->n_cols;

    r->cell = xgrow(r->cell, (size_t)r->n_rows * (size_t)r->n_cols, sizeof *r->cell);
    for (int i = 0; i < r->n_cols; i++) {
        const char *s = cells[i] && *cells[i] ? cells[i] : NULL;
        r->cell[at + (size_t)i] = s ? xstrdup(s) : NULL;
        if (s && !is_number(s))
            r->numeric[i] = 0;
    }
}

const char *rows_number(char buf[40], double x, int digits)
{
    bool whole = fabs(x) < 1e15 && x == floor(x);

    buf[0] = 0;
    if (!isnan(x))
        snprintf(buf, 40, "%.*f", 0, x);
    if (!isnan(x) && !whole)
        snprintf(buf, 40, "%.*g", digits, x);
    return buf;
}

void rows_note(struct rows *r, const char *fmt, ...)
{
    struct text t = { 0 };
    va_list ap;

    va_start(ap, fmt);
    text_append(&t, fmt, ap);
    va_end(ap);
    r->note = xgrow(r->note, (size_t)r->n_notes + 1, sizeof *r->note);
    r->note[r->n_notes++] = text_take(&t);
}

static bool ends_in(const char *s, const char *mark)
{
    size_t n = strlen(s), m = strlen(mark);

    return n > m && strcmp(s + n - m, mark) == 0;
}

struct rows rows_view(const struct rows *r, bool people)
{
    static const char text[] = " {text}", data[] = " {data}";
    struct rows v = { .n_rows = r->n_rows, .note = r->note, .n_notes = r->n_notes };
    int *from = xalloc((size_t)r->n_cols + 1, sizeof *from);

    v.col = xalloc((size_t)r->n_cols + 1, sizeof *v.col);
    v.numeric = xalloc((size_t)r->n_cols + 1, 1);
    for (int i = 0; i < r->n_cols; i++) {
        const char *name = r->col[i], *mark = ends_in(name, text)   ? text
                                              : ends_in(name, data) ? data
                                                                    : "";
        if (mark == (people ? data : text))
            continue;
        from[v.n_cols] = i;
        v.numeric[v.n_cols] = r->numeric[i];
        struct text plain = { 0 };
        text_put(&plain, name, strlen(name) - strlen(mark));
        v.col[v.n_cols++] = text_take(&plain);
    }
    v.cell = xalloc((size_t)v.n_rows * (size_t)v.n_cols + 1, sizeof *v.cell);
    for (int row = 0; row < v.n_rows; row++)
        for (int i = 0; i < v.n_cols; i++)
            v.cell[(size_t)row * (size_t)v.n_cols + (size_t)i] =
                r->cell[(size_t)row * (size_t)r->n_cols + (size_t)from[i]];
    free(from);
    return v;
}

void rows_view_free(struct rows *v)
{
    for (int i = 0; i < v->n_cols; i++)
        free(v->col[i]);
    free(v->col);
    free(v->cell);
    free(v->numeric);
    *v = (struct rows){ 0 };
}

int rows_print_free(struct rows *r, int format)
{
    int rc = rows_print(stdout, r, (enum rows_format)format);

    rows_free(r);
    return rc;
}
