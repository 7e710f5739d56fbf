/* separated.c - rows of columns between separators, with or without a header. */
#include "core/data/separated.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

int separated_add(struct fields *f, const struct reader *r, char *text)
{
    if (f->n == MAX_FIELDS)
        return fail(FAIL_INPUT, "%s:%ld: more than %d columns", r->path, r->first, MAX_FIELDS);
    f->text[f->n++] = text;
    return 0;
}

static int lacks_column(const struct reader *r, const struct fields *f, const char *name)
{
    struct text list = { 0 };

    for (int i = 0; i < f->n && list.n < 300; i++)
        text_join(&list, ", ", "'%s'", data_file_shown(f->text[i]));
    fail(FAIL_INPUT, "%s:%ld: no column '%s' in the header, which has %s", r->path, r->first, name,
         text_string(&list));
    text_free(&list);
    return -1;
}

/* WANT becomes the field of every cell, by name in the header F. */
static int find_named(int *want, const struct reader *r, const struct fields *f)
{
    for (int c = 0; c < MAX_CELLS; c++) {
        for (int i = 0; r->key[c] && i < f->n; i++) {
            if (strcmp(f->text[i], r->key[c]) != 0)
                continue;
            if (want[c] >= 0)
                return fail(FAIL_INPUT, "%s:%ld: two columns are named '%s'", r->path, r->first,
                            r->key[c]);
            want[c] = i;
        }
        if (r->key[c] && want[c] < 0)
            return lacks_column(r, f, r->key[c]);
    }
    return 0;
}

static int find_numbered(int *want, const struct reader *r, const struct fields *f)
{
    for (int c = 0; c < MAX_CELLS; c++) {
        if (!r->key[c])
            continue;
        want[c] = atoi(r->key[c]) - 1;
        if (want[c] >= f->n)
            return fail(FAIL_INPUT, "%s:%ld: %d columns, but the task reads column %s", r->path,
                        r->first, f->n, r->key[c]);
    }
    return 0;
}

static int check_width(const struct reader *r, const struct fields *f, int width)
{
    if (f->n == width)
        return 0;
    return fail(FAIL_INPUT, "%s:%ld: %d column%s where %d are expected", r->path, r->first, f->n,
                f->n == 1 ? "" : "s", width);
}

static int read_records(struct reader *r, struct fields *f,
                        int (*record)(struct reader *, struct fields *), bool strict)
{
    bool header = r->task->header;
    int want[MAX_CELLS], width = 0;

    for (int c = 0; c < MAX_CELLS; c++)
        want[c] = -1;
    while (!reader_at_end(r)) {
        f->n = 0;
        r->first = r->line;
        int rc = record(r, f);
        if (rc != 0 && (strict || width == 0))
            return -1;
        if (rc == 0 && width == 0) {
            width = f->n;
            if ((header ? find_named : find_numbered)(want, r, f) != 0)
                return -1;
            if (header)
                continue;
        }
        if (rc != 0 || check_width(r, f, width) != 0) {
            if (!reader_skip(r))
                return -1;
            continue;
        }
        struct row *row = reader_row(r);
        for (int c = 0; c < MAX_CELLS; c++)
            if (want[c] >= 0)
                row->cell[c] = (size_t)(f->text[want[c]] - r->buf);
    }
    reader_keep(r);
    return 0;
}

int separated_rows(struct reader *r, int (*record)(struct reader *, struct fields *), bool strict)
{
    struct fields *f = xalloc(1, sizeof *f);
    int rc = read_records(r, f, record, strict);

    free(f);
    return rc;
}
