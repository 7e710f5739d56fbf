/* sections.c - an answer of several small tables. */
#include "results/query/sections.h"
#include "results/query/query.h"

void sections_begin(struct sections *o, struct store *s, enum rows_format f)
{
    *o = (struct sections){ .s = s, .format = f };
    if (f == ROWS_JSON)
        fputs("{", stdout);
}

int sections_add(struct sections *o, const char *title, const char *empty, const char *sql,
                 const char *const *params)
{
    static const char *const before[] = { "%s\n", "# %s\n", "\"%s\": ", "### %s\n\n", "%% %s\n" };
    bool people = o->format != ROWS_JSON && o->format != ROWS_CSV;
    struct rows r;

    if (query_rows(o->s, &r, sql, params) != 0)
        return -1;
    if (people && r.n_rows == 0 && !empty) {
        rows_free(&r);
        return 0;
    }
    if (o->n++)
        fputs(o->format == ROWS_JSON ? ",\n" : "\n", stdout);
    printf(before[o->format], title);
    int rc = 0;
    if (people && r.n_rows == 0)
        printf("%s\n", empty);
    else
        rc = rows_print(stdout, &r, (enum rows_format)o->format);
    rows_free(&r);
    return rc;
}

int sections_end(struct sections *o)
{
    if (o->format == ROWS_JSON)
        fputs("}\n", stdout);
    return output_end(stdout);
}
