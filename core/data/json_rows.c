/* json_rows.c - rows that are JSON objects, one a line or as a list. */
#include "core/data/json_rows.h"

#include <stdlib.h>
#include <string.h>

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

static int json_cell(struct reader *r, const json_t *object, int c)
{
    bool scalar = c == CELL_LABEL && !r->task->generates;
    const json_t *v = json_object_get(object, r->key[c]);
    char buf[40];
    const char *text = json_string_value(v);

    if (!v)
        return fail(FAIL_INPUT, "%s:%ld: no key '%s'", r->path, r->first, r->key[c]);
    if (json_has_nul(v))
        return fail(FAIL_INPUT, "%s:%ld: '%s' contains \\u0000 or half of a surrogate pair",
                    r->path, r->first, r->key[c]);
    if (!text && scalar)
        text = json_scalar(v, buf);
    if (!text)
        return fail(FAIL_INPUT, "%s:%ld: '%s' must be a string%s", r->path, r->first, r->key[c],
                    scalar ? ", a number or a boolean" : "");
    reader_store(r, c, text);
    return 0;
}

/* A key that the task does not read may occur twice, one that it reads may not. */
static int check_repeats(const struct reader *r, const char *at, size_t size)
{
    for (int c = 0; c < MAX_CELLS; c++)
        if (r->key[c] && json_repeats(at, size, r->key[c]))
            return fail(FAIL_INPUT, "%s:%ld: the key '%s' occurs twice", r->path, r->first,
                        r->key[c]);
    return 0;
}

json_t *json_rows_value(const struct reader *r, const char *at, size_t size)
{
    json_error_t err;
    json_t *v = json_parse(at, size, JSON_ALLOW_NUL, &err);

    if (!v)
        fail(FAIL_INPUT, "%s:%ld:%d: %s", r->path, r->first + err.line - 1, err.column, err.text);
    return v;
}

json_t *json_rows_object(const struct reader *r, const char *at, size_t size)
{
    json_t *v = json_rows_value(r, at, size);

    if (!v)
        return NULL;
    if (!json_is_object(v))
        fail(FAIL_INPUT, "%s:%ld: not a JSON object", r->path, r->first);
    else if (check_repeats(r, at, size) == 0)
        return v;
    json_decref(v);
    return NULL;
}

const char *json_rows_string(const json_t *v)
{
    return json_is_string(v) && !json_has_nul(v) ? json_string_value(v) : NULL;
}

int json_rows_fail(const struct reader *r, const char *what)
{
    return fail(FAIL_INPUT, "%s:%ld: %s", r->path, r->first, what);
}

int json_rows_add(struct reader *r, const json_t *object)
{
    int rc = 0;

    reader_row(r);
    for (int c = 0; c < MAX_CELLS && rc == 0; c++)
        if (r->key[c])
            rc = json_cell(r, object, c);
    r->f->n -= rc != 0;
    return rc;
}

/* The SIZE bytes at AT as an object, for which ROW adds rows. */
static int add_object(struct reader *r, const char *at, size_t size,
                      int (*row)(struct reader *, const json_t *))
{
    json_t *v = json_rows_object(r, at, size);
    int rc = v ? row(r, v) : -1;

    json_decref(v);
    return rc;
}

int json_rows_lines(struct reader *r, int (*row)(struct reader *, const json_t *))
{
    while (!reader_at_end(r)) {
        char *next, *e = reader_line(r, &next);
        r->first = r->line++;
        int rc = e == r->p ? fail(FAIL_INPUT, "%s:%ld: an empty line", r->path, r->first)
                           : add_object(r, r->p, (size_t)(e - r->p), row);
        if (rc != 0 && !reader_skip(r))
            return -1;
        r->p = next;
    }
    return 0;
}

/* --- a list */

static void skip_space(struct reader *r)
{
    for (; r->p < r->end && strchr(" \t\r\n", *r->p); r->p++)
        r->line += *r->p == '\n';
}

/* Move past the element at r->p, whatever is wrong inside it: to the comma or bracket that follows
 * it at its own depth, or to the end. Brackets inside strings do not count. */
static void skip_element(struct reader *r)
{
    bool quoted = false;

    for (int depth = 0; r->p < r->end; r->p++) {
        char c = *r->p;
        r->line += c == '\n';
        if (quoted) {
            if (c == '\\' && r->p + 1 < r->end && r->p[1] != '\n')
                r->p++;
            quoted = c != '"';
            continue;
        }
        if (depth == 0 && (c == ',' || c == ']'))
            return;
        quoted = c == '"';
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
    }
}

static int fail_list(const struct reader *r, const char *what)
{
    return fail(FAIL_INPUT, "%s:%ld: %s", r->path, r->line, what);
}

int json_rows_list(struct reader *r, int (*row)(struct reader *, const json_t *))
{
    skip_space(r);
    if (r->p == r->end || *r->p != '[')
        return fail_list(r, "not a JSON list, which begins with '['");
    r->p++;
    skip_space(r);
    for (bool more = *r->p != ']'; more;) {
        skip_space(r);
        const char *at = r->p;
        r->first = r->line;
        skip_element(r);
        if (r->p == r->end) { /* where a string or a bracket is open, jansson says which */
            json_t *v = json_rows_value(r, at, (size_t)(r->p - at));
            json_decref(v);
            return v ? fail_list(r, "the list does not end with ']'") : -1;
        }
        if (add_object(r, at, (size_t)(r->p - at), row) != 0 && !reader_skip(r))
            return -1;
        more = *r->p == ',';
        r->p += more;
    }
    r->p++;
    skip_space(r);
    return reader_at_end(r) ? 0 : fail_list(r, "text after the end of the list");
}
