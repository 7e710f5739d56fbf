/* format_tsv.c - lines of columns, without quoting. */
#include "core/data/separated.h"

#include <string.h>

static int tsv_record(struct reader *r, struct fields *f)
{
    const char *separator = r->task->separator ? r->task->separator : "\t";
    size_t n = strlen(separator);
    char *next, *e = reader_line(r, &next), *p = r->p;

    *e = 0;
    r->p = next;
    r->line++;
    for (char *at; (at = strstr(p, separator)); p = at + n) {
        *at = 0;
        if (separated_add(f, r, p) != 0)
            return -1;
    }
    return separated_add(f, r, p);
}

static int tsv_rows(struct reader *r)
{
    return separated_rows(r, tsv_record, false);
}

const struct data_format data_format_tsv = { .name = "tsv",
                                             .source = "lines of columns, without quoting",
                                             .id = 0,
                                             .header = true,
                                             .numbered = true,
                                             .rows = tsv_rows };
