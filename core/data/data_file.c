/* data_file.c - the rows of a data file: tsv, csv or jsonl. */
#include "core/data/data_file.h"
#include "core/os/file.h"
#include "core/base/text.h"
#include "core/format/json.h"
#include "core/text/tok.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FIELDS = 1024 };

struct reader {
    struct data_file *f;
    const struct task *task;
    const char *path;
    char *buf, *p, *end; /* the file's text, with a NUL after it; the next record; the end */
    long line;           /* of p */
    long first;          /* line on which the record began */
    char *field[MAX_FIELDS];
    int n_fields, width;      /* columns of this record; of the first record */
    int want[N_CELLS];        /* column of a cell; -1: none */
    const char *key[N_CELLS]; /* name of a cell's column; NULL: none */
    size_t used, size;        /* jsonl: bytes used and allocated of f->text */
};

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

void data_file_free(struct data_file *f)
{
    free(f->text);
    free(f->row);
    *f = (struct data_file){ 0 };
}

static struct row *add_row(struct reader *r)
{
    struct data_file *f = r->f;

    if (f->n == f->cap) {
        f->cap = f->cap ? 2 * f->cap : 1024;
        f->row = xgrow(f->row, (size_t)f->cap, sizeof *f->row);
    }
    f->row[f->n] = (struct row){ .line = r->first };
    return &f->row[f->n++];
}

static int add_field(struct reader *r, char *text)
{
    if (r->n_fields == MAX_FIELDS)
        return fail(FAIL_INPUT, "%s:%ld: more than %d columns", r->path, r->first, MAX_FIELDS);
    r->field[r->n_fields++] = text;
    return 0;
}

/* The end of the line at p, without its CR; *next is where the next line begins. */
static char *line_end(const struct reader *r, char **next)
{
    char *e = memchr(r->p, '\n', (size_t)(r->end - r->p));

    *next = e ? e + 1 : r->end;
    if (!e)
        e = r->end;
    return e > r->p && e[-1] == '\r' ? e - 1 : e;
}

static int tsv_record(struct reader *r)
{
    char *next, *e = line_end(r, &next), *p = r->p;

    *e = 0;
    r->p = next;
    r->line++;
    for (char *tab; (tab = memchr(p, '\t', (size_t)(e - p))); p = tab + 1) {
        *tab = 0;
        if (add_field(r, p) != 0)
            return -1;
    }
    return add_field(r, p);
}

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
static int csv_field(struct reader *r, bool *last)
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
    return add_field(r, text);
}

static int csv_record(struct reader *r)
{
    bool last = false;

    while (!last)
        if (csv_field(r, &last) != 0)
            return -1;
    return 0;
}

static int lacks_column(const struct reader *r, const char *name)
{
    struct text list = { 0 };

    for (int i = 0; i < r->n_fields && list.n < 300; i++)
        text_join(&list, ", ", "'%s'", data_file_shown(r->field[i]));
    fail(FAIL_INPUT, "%s:%ld: no column '%s' in the header, which has %s", r->path, r->first, name,
         text_string(&list));
    text_free(&list);
    return -1;
}

/* Find the columns by name in the header, which is in r->field. */
static int find_named_columns(struct reader *r)
{
    for (int c = 0; c < N_CELLS; c++) {
        for (int i = 0; r->key[c] && i < r->n_fields; i++) {
            if (strcmp(r->field[i], r->key[c]) != 0)
                continue;
            if (r->want[c] >= 0)
                return fail(FAIL_INPUT, "%s:%ld: two columns are named '%s'", r->path, r->first,
                            r->key[c]);
            r->want[c] = i;
        }
        if (!r->key[c] || r->want[c] >= 0)
            continue;
        return lacks_column(r, r->key[c]);
    }
    return 0;
}

static int find_numbered_columns(struct reader *r)
{
    for (int c = 0; c < N_CELLS; c++) {
        if (!r->key[c])
            continue;
        r->want[c] = atoi(r->key[c]) - 1;
        if (r->want[c] >= r->n_fields)
            return fail(FAIL_INPUT, "%s:%ld: %d columns, but the task reads column %s", r->path,
                        r->first, r->n_fields, r->key[c]);
    }
    return 0;
}

/* Is there nothing but white space from here to the end? */
static bool at_end(const struct reader *r)
{
    return r->p[strspn(r->p, " \r\n\t")] == 0;
}

/* A row is malformed, as the last failure says. May it be left out? */
static bool skip_row(const struct reader *r)
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

static int check_width(const struct reader *r)
{
    if (r->n_fields == r->width)
        return 0;
    return fail(FAIL_INPUT, "%s:%ld: %d column%s where %d are expected", r->path, r->first,
                r->n_fields, r->n_fields == 1 ? "" : "s", r->width);
}

static int separated_rows(struct reader *r, int (*record)(struct reader *))
{
    bool header = r->task->header;

    while (!at_end(r)) {
        r->n_fields = 0;
        r->first = r->line;
        int rc = record(r);
        if (rc != 0 && (record == csv_record || r->width == 0))
            return -1;
        if (rc == 0 && r->width == 0) {
            r->width = r->n_fields;
            if ((header ? find_named_columns : find_numbered_columns)(r) != 0)
                return -1;
            if (header)
                continue;
        }
        if (rc != 0 || check_width(r) != 0) {
            if (!skip_row(r))
                return -1;
            continue;
        }
        struct row *row = add_row(r);
        for (int c = 0; c < N_CELLS; c++)
            row->cell[c] = r->want[c] < 0 ? SIZE_MAX : (size_t)(r->field[r->want[c]] - r->buf);
    }
    r->f->text = r->buf;
    r->buf = NULL;
    return 0;
}

/* The text of a label that is not a string: for a number the shortest that reads back equal. NULL:
 * not a label. */
static const char *json_scalar(const json_t *v, char buf[40])
{
    if (json_is_boolean(v))
        return json_is_true(v) ? "true" : "false";
    if (json_is_integer(v)) {
        snprintf(buf, 40, "%lld", (long long)json_integer_value(v));
        return buf;
    }
    if (!json_is_real(v))
        return NULL;
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(buf, 40, "%.*g", digits, json_real_value(v));
        if (strtod(buf, NULL) == json_real_value(v))
            break;
    }
    return buf;
}

static size_t store_text(struct reader *r, const char *text)
{
    size_t n = strlen(text) + 1, at = r->used;

    if (r->used + n > r->size) {
        r->size = 2 * (r->used + n);
        r->f->text = xgrow(r->f->text, r->size, 1);
    }
    memcpy(r->f->text + at, text, n);
    r->used += n;
    return at;
}

static int json_cell(struct reader *r, const json_t *object, int c)
{
    const json_t *v = json_object_get(object, r->key[c]);
    char buf[40];
    const char *text = json_string_value(v);

    if (!v)
        return fail(FAIL_INPUT, "%s:%ld: no key '%s'", r->path, r->first, r->key[c]);
    if (json_has_nul(v))
        return fail(FAIL_INPUT, "%s:%ld: '%s' contains \\u0000 or half of a surrogate pair",
                    r->path, r->first, r->key[c]);
    if (!text && c == CELL_LABEL)
        text = json_scalar(v, buf);
    if (!text)
        return fail(FAIL_INPUT, "%s:%ld: '%s' must be a string%s", r->path, r->first, r->key[c],
                    c == CELL_LABEL ? ", a number or a boolean" : "");
    r->f->row[r->f->n - 1].cell[c] = store_text(r, text);
    return 0;
}

/* A key that the task does not read may occur twice, one that it reads may not. */
static int check_repeats(const struct reader *r, size_t size)
{
    for (int c = 0; c < N_CELLS; c++)
        if (r->key[c] && json_repeats(r->p, size, r->key[c]))
            return fail(FAIL_INPUT, "%s:%ld: the key '%s' occurs twice", r->path, r->first,
                        r->key[c]);
    return 0;
}

/* The object of SIZE bytes at r->p. Errors: NULL after FAIL_INPUT. */
static json_t *json_line(const struct reader *r, size_t size)
{
    json_error_t err;
    json_t *v = json_parse(r->p, size, JSON_ALLOW_NUL, &err);

    if (!v)
        fail(FAIL_INPUT, "%s:%ld:%d: %s", r->path, r->first, err.column, err.text);
    else if (!json_is_object(v))
        fail(FAIL_INPUT, "%s:%ld: not a JSON object", r->path, r->first);
    else if (check_repeats(r, size) == 0)
        return v;
    json_decref(v);
    return NULL;
}

/* The line from r->p to E as a row. */
static int json_row(struct reader *r, const char *e)
{
    int rc = 0;

    if (e == r->p)
        return fail(FAIL_INPUT, "%s:%ld: an empty line", r->path, r->first);
    json_t *v = json_line(r, (size_t)(e - r->p));
    if (!v)
        return -1;
    struct row *row = add_row(r);
    for (int c = 0; c < N_CELLS; c++)
        row->cell[c] = SIZE_MAX;
    for (int c = 0; c < N_CELLS && rc == 0; c++)
        if (r->key[c])
            rc = json_cell(r, v, c);
    r->f->n -= rc != 0;
    json_decref(v);
    return rc;
}

static int json_rows(struct reader *r)
{
    while (!at_end(r)) {
        char *next, *e = line_end(r, &next);
        r->first = r->line++;
        if (json_row(r, e) != 0 && !skip_row(r))
            return -1;
        r->p = next;
    }
    return 0;
}

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
static int read_whole_file(struct reader *r)
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
    sha256_hex(r->f->sha256, r->buf, n);
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

int data_file_read(struct data_file *f, const char *path, const struct task *k)
{
    struct reader *r = xalloc(1, sizeof *r);
    int rc = -1;

    *f = (struct data_file){ 0 };
    *r = (struct reader){ .f = f, .task = k, .path = path, .want = { -1, -1, -1 } };
    r->key[CELL_TEXT] = k->col_text;
    r->key[CELL_PAIR] = k->col_pair;
    r->key[CELL_LABEL] = k->col_label;
    if (read_whole_file(r) != 0 || check_utf8(r) != 0)
        goto out;
    rc = k->format == FORMAT_JSONL ? json_rows(r)
         : k->format == FORMAT_CSV ? separated_rows(r, csv_record)
                                   : separated_rows(r, tsv_record);
    if (rc == 0 && f->n == 0)
        rc = fail(FAIL_INPUT, "'%s' has no examples", path);
out:
    if (rc != 0)
        data_file_free(f);
    free(r->buf);
    free(r);
    return rc;
}
