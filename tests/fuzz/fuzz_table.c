/* fuzz_table.c - rows_print with any cells in the formats for people (table, md, latex) and as CSV:
 * what people see is UTF-8 without control characters, with one line for each row unless it is laid
 * out for a terminal; CSV reads back as the same cells. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/base/terminal.h"
#include "results/rows/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COLS = 3 };

static char *print_as(const struct rows *r, enum rows_format f)
{
    char *out = NULL;
    size_t size;
    FILE *to = open_memstream(&out, &size);

    CHECK(rows_print(to, r, f) == 0, "%s", fail_text());
    fclose(to);
    CHECK(strlen(out) == size, "a NUL byte after %zu", strlen(out));
    return out;
}

static void check_lines(const struct rows *r, enum rows_format f, int more)
{
    char *out = print_as(r, f);
    int lines = 0;

    CHECK(fuzz_plain(out), "%s", out);
    for (const char *s = out; (s = strchr(s, '\n')); s++)
        lines++;
    CHECK(lines == r->n_rows + more, "%d lines for %d rows:\n%s", lines, r->n_rows, out);
    free(out);
}

/* A table that is laid out for 80 columns has as many lines as it needs. */
static void check_narrow(const struct rows *r)
{
    char *out = print_as(r, ROWS_TABLE);

    CHECK(fuzz_plain(out), "%s", out);
    free(out);
}

/* The CSV field at *P without its quotes, in place; *P moves behind the comma or line end. */
static char *csv_field(char **p, bool *quoted)
{
    char *s = *p, *to = s, *field = s;

    *quoted = *s == '"';
    if (*quoted) {
        for (s++; *s && (*s != '"' || s[1] == '"'); s++) {
            s += *s == '"';
            *to++ = *s;
        }
        CHECK(*s == '"', "an open quote: %s", field);
        s++;
    } else {
        s += strcspn(s, ",\n");
        to = s;
    }
    CHECK(*s == ',' || *s == '\n', "after a field: %s", s);
    *p = s + 1;
    *to = 0;
    return field;
}

/* Is HAVE what CSV has for WANT? Numbers are rounded to 15 digits. */
static bool is_field(const char *have, const char *want, bool numeric)
{
    if (strcmp(have, want) == 0)
        return true;
    double x = strtod(want, NULL), y = strtod(have, NULL);
    return numeric && strchr(want, '.') && fabs(x - y) <= 1e-14 * fabs(x);
}

static void check_csv(const struct rows *all)
{
    char *out = print_as(all, ROWS_CSV), *p = out;
    struct rows view = rows_view(all, false), *r = &view; /* columns may be for people only */

    for (int row = -1; row < r->n_rows; row++)
        for (int i = 0; i < r->n_cols; i++) {
            const char *want = row < 0 ? r->col[i] : r->cell[row * r->n_cols + i];
            bool quoted;
            char *have = csv_field(&p, &quoted);
            CHECK(want ? is_field(have, want, row >= 0 && r->numeric[i]) : !*have && !quoted,
                  "row %d column %d: '%s'", row, i, have);
        }
    CHECK(*p == 0, "after the last row: %s", p);
    rows_view_free(&view);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes b = fuzz_begin(data, size);
    char *cell[COLS];
    struct rows r = { 0 };

    do {
        for (int i = 0; i < COLS; i++)
            cell[i] = fuzz_string(fuzz_part(&b));
        if (r.n_cols == 0)
            rows_init(&r, (const char *const[]){ cell[0], cell[1], "c", NULL });
        else
            rows_add(&r, (const char *const *)cell);
        for (int i = 0; i < COLS; i++)
            free(cell[i]);
    } while (b.size > 0 && r.n_rows < 20);
    terminal_wide = true;
    check_lines(&r, ROWS_TABLE, 2);
    terminal_wide = false;
    check_narrow(&r);
    check_lines(&r, ROWS_MD, 2);
    check_lines(&r, ROWS_LATEX, 7);
    check_csv(&r);
    rows_free(&r);
    fuzz_end();
    return 0;
}
