/* json_rows.h - private to core/data: rows that are JSON objects. */
#ifndef JSON_ROWS_H
#define JSON_ROWS_H

#include "core/data/format.h"
#include "core/format/json.h"

/* json_rows_value - the value of SIZE bytes at AT, which begins on line r->first. Errors: NULL
 * after FAIL_INPUT with the line.
 * json_rows_object - the same of an object, in which no key that the task reads occurs twice.
 * json_rows_add - the row of such an object: text cells are strings; labels are strings, numbers or
 * booleans. Errors: FAIL_INPUT. */
json_t *json_rows_value(const struct reader *r, const char *at, size_t size);
json_t *json_rows_object(const struct reader *r, const char *at, size_t size);
int json_rows_add(struct reader *r, const json_t *object);

/* json_rows_string - the text of a string without NUL bytes; NULL: V is something else, or NULL.
 * json_rows_fail - record FAIL_INPUT "PATH:LINE: WHAT" of the record; -1. */
const char *json_rows_string(const json_t *v);
int json_rows_fail(const struct reader *r, const char *what);

/* json_rows_lines - every line of R's file as an object, for which ROW adds rows.
 * json_rows_list - every element of the list that the file is. Errors of ROW are malformed rows. */
int json_rows_lines(struct reader *r, int (*row)(struct reader *, const json_t *));
int json_rows_list(struct reader *r, int (*row)(struct reader *, const json_t *));
#endif
