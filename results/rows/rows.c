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

int rows_print_free(struct rows *r, int format)
{
    int rc = rows_print(stdout, r, (enum rows_format)format);

    rows_free(r);
    return rc;
}
