/* data_file.c - the rows of a split's data files. */
#include "core/data/data_file.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/data/format.h"
#include "core/os/file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const char *data_file_shown(const char *text)
{
    static char ring[2][72];
    static int at;
    char *s = ring[at = !at];

    snprintf(s, sizeof ring[0], strlen(text) > 60 ? "%.60s..." : "%s", text);
    return s;
}

const char *data_file_cell(const struct data_file *f, int row, int cell)
{
    size_t at = f->row[row].cell[cell];

    return at == SIZE_MAX ? NULL : f->text + at;
}

const char *data_file_path(const struct data_file *f, int row)
{
    return f->paths.file[f->row[row].file].path;
}

void data_file_free(struct data_file *f)
{
    free(f->text);
    free(f->row);
    data_paths_free(&f->paths);
    *f = (struct data_file){ 0 };
}

/* --- what formats use */

const struct data_format *data_format_find(const char *name)
{
    for (const struct data_format *const *f = data_format_table; *f; f++)
        if (strcmp((*f)->name, name) == 0)
            return *f;
    return NULL;
}

struct row *reader_row(struct reader *r)
{
    struct data_file *f = r->f;

    if (f->n == f->cap) {
        f->cap = f->cap ? 2 * f->cap : 1024;
        f->row = xgrow(f->row, (size_t)f->cap, sizeof *f->row);
    }
    f->row[f->n] = (struct row){ .line = r->first, .file = r->file };
    for (int c = 0; c < MAX_CELLS; c++)
        f->row[f->n].cell[c] = SIZE_MAX;
    return &f->row[f->n++];
}

void reader_store(struct reader *r, int cell, const char *text)
{
    struct data_file *f = r->f;
    size_t n = strlen(text) + 1;

    if (f->size + n > r->cap) {
        r->cap = 2 * (f->size + n);
        f->text = xgrow(f->text, r->cap, 1);
    }
    memcpy(f->text + f->size, text, n);
    f->row[f->n - 1].cell[cell] = f->size;
    f->size += n;
}

void reader_keep(struct reader *r)
{
    CHECK(!r->f->text, "a second file of '%s'", r->path);
    r->f->text = r->buf;
    r->f->size = (size_t)(r->end - r->buf) + 1;
    r->buf = NULL;
}

void reader_fields(struct reader *r, const char *const *value)
{
    const char *const *columns = r->task->format->columns;

    reader_row(r);
    for (int c = 0; c < MAX_CELLS && r->key[c]; c++) {
        int i = 0;
        while (columns[i] && strcmp(columns[i], r->key[c]) != 0)
            i++;
        CHECK(columns[i], "column '%s'", r->key[c]); /* task_load has checked it */
        reader_store(r, c, value[i]);
    }
}

bool reader_skip(const struct reader *r)
{
    struct data_file *f = r->f;

    if (f->n_skipped >= r->task->skip_bad_rows) {
        if (f->n_skipped > 0)
            fail_context("after %ld malformed rows that 'skip_bad_rows' left out", f->n_skipped);
        return false;
    }
    if (f->n_skipped++ == 0)
        f->first_skipped = r->first;
    return true;
}

bool reader_at_end(const struct reader *r)
{
    return r->p[strspn(r->p, " \r\n\t")] == 0;
}

char *reader_line(const struct reader *r, char **next)
{
    char *e = memchr(r->p, '\n', (size_t)(r->end - r->p));

    *next = e ? e + 1 : r->end;
    if (!e)
        e = r->end;
    return e > r->p && e[-1] == '\r' ? e - 1 : e;
}

/* --- reading */

struct copy {
    const struct file *from;
    char *to;
};
static int copy_file(void *arg)
{
    struct copy *c = arg;

    memcpy(c->to, c->from->data, c->from->size);
    return 0;
}

/* Copy the file to memory in which records can be taken apart; skip its BOM. */
static int read_whole_file(struct reader *r, char sha256[65])
{
    struct file f = { 0 };

    if (file_map(&f, r->path) != 0)
        return -1;
    size_t n = f.size;
    r->buf = xalloc(n + 1, 1);
    struct copy c = { &f, r->buf };
    int rc = file_guard(&f, copy_file, &c);
    file_unmap(&f);
    if (rc != 0)
        return -1;
    sha256_hex(sha256, r->buf, n);
    r->p = r->buf;
    r->end = r->buf + n;
    r->line = 1;
    if (n >= 3 && memcmp(r->p, "\xEF\xBB\xBF", 3) == 0)
        r->p += 3;
    const char *nul = memchr(r->p, 0, (size_t)(r->end - r->p));
    if (nul) {
        for (const char *q = r->p; q < nul; q++)
            r->line += *q == '\n';
        return fail(FAIL_INPUT, "%s:%ld: a NUL byte; this is not a text file", r->path, r->line);
    }
    return 0;
}

/* Bytes that are not UTF-8 would be tokenized as characters that nobody wrote. */
static int check_utf8(const struct reader *r)
{
    long line = 1;

    for (const char *p = r->p, *at = p; p < r->end; at = p) {
        line += *p == '\n';
        if ((unsigned char)*p < 0x80) {
            p++;
            continue;
        }
        if (utf8_next(&p, r->end) == 0xFFFD && (p - at != 3 || memcmp(at, "\xEF\xBF\xBD", 3) != 0))
            return fail(FAIL_INPUT, "%s:%ld: byte 0x%02x is not UTF-8", r->path, line,
                        (unsigned)(unsigned char)*at);
    }
    return 0;
}

static int read_file(struct reader *r)
{
    struct data_path *p = &r->f->paths.file[r->file];

    r->path = p->path;
    int rc =
        read_whole_file(r, p->sha256) == 0 && check_utf8(r) == 0 ? r->task->format->rows(r) : -1;
    free(r->buf);
    r->buf = NULL;
    return rc;
}

/* --- prompts and targets */

/* Is the row one of those that "keep" names? */
static bool is_kept(const struct data_file *f, const struct row *row, const struct task *k)
{
    if (k->n_keep == 0)
        return true;
    for (int i = 0; i < k->n_keep; i++)
        if (strcmp(f->text + row->cell[k->keep_column], k->keep[i]) == 0)
            return true;
    return false;
}

/* The column without CR before LF and, with STRIP, without white space at its ends. In place. */
static const char *clean_column(char *text, bool strip)
{
    char *to = text;

    for (const char *from = text; *from; from++)
        if (from[0] != '\r' || from[1] != '\n')
            *to++ = *from;
    *to = 0;
    for (; strip && to > text && isspace((unsigned char)to[-1]); to--)
        to[-1] = 0;
    return strip ? text + strspn(text, " \t\r\n") : text;
}

static size_t store_rendered(struct text *out, const struct row_template *t,
                             const char *const *value)
{
    size_t at = out->n;

    row_template_render(out, t, value);
    text_put(out, "", 1);
    return at;
}

/* The columns of every row become its prompt and its target. */
static void compose_rows(struct data_file *f, const struct task *k)
{
    struct text out = { 0 };
    int kept = 0;

    for (int i = 0; i < f->n; i++) {
        struct row row = f->row[i];
        const char *value[MAX_CELLS] = { 0 };
        if (!is_kept(f, &row, k))
            continue;
        for (int c = 0; c < k->n_columns; c++)
            value[c] = clean_column(f->text + row.cell[c], k->strip);
        row.cell[CELL_PROMPT] = store_rendered(&out, &k->prompt, value);
        row.cell[CELL_TARGET] = store_rendered(&out, &k->target, value);
        row.cell[CELL_PAIR] = SIZE_MAX;
        f->row[kept++] = row;
    }
    free(f->text);
    f->n = kept;
    f->size = out.n;
    f->text = text_take(&out);
}

int data_file_read(struct data_file *f, const char *path, const struct task *k)
{
    struct reader r = { .f = f, .task = k };
    int rc;

    *f = (struct data_file){ 0 };
    for (int c = 0; c < k->n_columns; c++)
        r.key[c] = k->column[c];
    if (!k->generates) {
        r.key[CELL_TEXT] = k->col_text;
        r.key[CELL_PAIR] = k->col_pair;
        r.key[CELL_LABEL] = k->col_label;
    }
    rc = data_paths_list(&f->paths, path, k->format->suffix);
    for (; rc == 0 && r.file < f->paths.n; r.file++)
        rc = read_file(&r);
    if (rc == 0)
        data_paths_sha256(f->sha256, &f->paths);
    if (rc == 0 && f->n > 0 && k->generates)
        compose_rows(f, k);
    if (rc == 0 && f->n == 0)
        rc = fail(FAIL_INPUT, "'%s' has no examples%s", path,
                  k->n_keep ? " of those that 'keep' names" : "");
    if (rc != 0)
        data_file_free(f);
    return rc;
}
