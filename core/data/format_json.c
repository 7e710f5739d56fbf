/* format_json.c - a JSON list of objects. */
#include "core/data/json_rows.h"

static int json_list_rows(struct reader *r)
{
    return json_rows_list(r, json_rows_add);
}

const struct data_format data_format_json = {
    .name = "json", .source = "a JSON list of objects", .id = 3, .rows = json_list_rows
};
