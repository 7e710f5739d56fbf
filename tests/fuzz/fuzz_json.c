/* fuzz_json.c - json_parse and the JSON that the program prints. Any bytes: json_parse refuses them
 * with a line and a column, or what it returns can be written and read again as the same value. A
 * table with these bytes as cells, printed as JSON, parses with jansson alone and has as many
 * objects as the table has rows, with its columns as keys. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/format/json.h"
#include "results/rows/rows.h"

#include <stdlib.h>
#include <string.h>

static void read_back(struct fuzz_bytes b)
{
    json_error_t e;
    json_t *j =
        json_parse((const char *)b.data, b.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &e);

    if (!j) {
        CHECK(*e.text, "refused without a reason");
        return;
    }
    char *text = json_dumps(j, JSON_COMPACT);
    if (text) {
        json_t *again = json_loads(text, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &e);
        CHECK(again && json_equal(j, again), "%s: %s", text, again ? "" : e.text);
        json_decref(again);
    }
    free(text);
    json_decref(j);
}

static void print_table(struct fuzz_bytes b)
{
    enum { COLS = 3 };
    static const char *const cols[] = { "a", "b\"\x1b", "c", NULL };
    char *printed = NULL, *cell[COLS];
    size_t size;
    struct rows r;

    rows_init(&r, cols);
    while (b.size > 0 && r.n_rows < 20) {
        for (int i = 0; i < COLS; i++)
            cell[i] = fuzz_string(fuzz_part(&b));
        rows_add(&r, (const char *const *)cell);
        for (int i = 0; i < COLS; i++)
            free(cell[i]);
    }
    FILE *to = open_memstream(&printed, &size);
    CHECK(rows_print(to, &r, ROWS_JSON) == 0, "%s", fail_text());
    fclose(to);
    json_error_t e;
    json_t *j = json_loads(printed, JSON_REJECT_DUPLICATES, &e);
    CHECK(j, "line %d: %s: %s", e.line, e.text, printed);
    CHECK(json_array_size(j) == (size_t)r.n_rows, "%zu objects", json_array_size(j));
    for (int i = 0; i < r.n_rows; i++)
        CHECK(json_object_size(json_array_get(j, (size_t)i)) == COLS, "%s", printed);
    json_decref(j);
    free(printed);
    rows_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes b = fuzz_begin(data, size);

    read_back(b);
    print_table(b);
    fuzz_end();
    return 0;
}
