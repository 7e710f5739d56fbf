/* format_jsonl.c - a JSON object on each line. */
#include "core/data/json_rows.h"

static int jsonl_rows(struct reader *r)
{
    return json_rows_lines(r, json_rows_add);
}

const struct data_format data_format_jsonl = {
    .name = "jsonl", .source = "a JSON object on each line", .id = 2, .rows = jsonl_rows
};
