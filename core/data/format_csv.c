/* format_csv.c - quoted columns between commas, as RFC 4180 has it. */
#include "core/data/separated.h"

#include <string.h>

/* A quoted field, with r->p after the opening quote. It is unescaped in place, which only shortens
 * it. Leaves r->p after the closing quote and sets *out_end to the end of the text. */
static int csv_quoted(struct reader *r, char **out_end)
{
    char *out = r->p, *in = r->p;
    long opened = r->line;

    for (;; in++) {
        if (in == r->end)
            return fail(FAIL_INPUT, "%s:%ld: a quoted field has no closing quote", r->path, opened);
        if (*in == '"' && in[1] != '"')
            break;
        if (*in == '"')
            in++;
        r->line += *in == '\n';
        *out++ = *in;
    }
    r->p = in + 1;
    *out_end = out;
    return 0;
}

/* One field; *last: it ended the record. */
static int csv_field(struct reader *r, struct fields *f, bool *last)
{
    char *text = r->p, *e = text;

    if (*text == '"') {
        text = ++r->p;
        if (csv_quoted(r, &e) != 0)
            return -1;
        if (r->p < r->end && !strchr(",\r\n", *r->p))
            return fail(FAIL_INPUT, "%s:%ld: text after a closing quote", r->path, r->line);
    } else {
        r->p += strcspn(r->p, ",\"\n");
        if (*r->p == '"')
            return fail(FAIL_INPUT, "%s:%ld: a quote inside an unquoted field", r->path, r->line);
        e = r->p;
        if (e > text && e[-1] == '\r' && *e != ',')
            e--;
    }
    if (*r->p == '\r')
        r->p++;
    char stop = *r->p; /* the text may end right here */
    if (stop && stop != ',' && stop != '\n')
        return fail(FAIL_INPUT, "%s:%ld: text after a closing quote", r->path, r->line);
    *last = stop != ',';
    r->p += r->p < r->end;
    r->line += stop == '\n';
    *e = 0;
    return separated_add(f, r, text);
}

static int csv_record(struct reader *r, struct fields *f)
{
    bool last = false;

    while (!last)
        if (csv_field(r, f, &last) != 0)
            return -1;
    return 0;
}

static int csv_rows(struct reader *r)
{
    return separated_rows(r, csv_record, true);
}

const struct data_format data_format_csv = {
    .name = "csv", .source = "RFC 4180", .id = 1, .header = true, .numbered = true, .rows = csv_rows
};
