/* format_dart.c - the JSON files of DART (Nan et al. 2021): a list of objects with "tripleset", a
 * list of [subject, property, object], and "annotations", a list of {"source", "text"}. A row is an
 * annotation. */
#include "core/base/text.h"
#include "core/data/json_rows.h"

static const char *const columns[] = { "triples", "text", "source", NULL };
enum { TRIPLES, TEXT, SOURCE, N_COLUMNS };

static int add_triples(struct text *to, const struct reader *r, const json_t *set)
{
    size_t i;
    const json_t *triple;

    json_array_foreach(set, i, triple)
    {
        const char *part[3] = { NULL };
        for (size_t k = 0; k < 3 && json_array_size(triple) == 3; k++)
            part[k] = json_rows_string(json_array_get(triple, k));
        if (!part[0] || !part[1] || !part[2])
            return json_rows_fail(r, "'tripleset' must be a list of lists of three strings");
        text_join(to, " | ", "%s : %s : %s", part[0], part[1], part[2]);
    }
    return to->n > 0 ? 0
                     : json_rows_fail(r, "'tripleset' must be a list of lists of three strings");
}

static int dart_row(struct reader *r, const json_t *object)
{
    const json_t *list = json_object_get(object, "annotations"), *item;
    struct text triples = { 0 };
    int rc = add_triples(&triples, r, json_object_get(object, "tripleset")), before = r->f->n;
    size_t i;

    if (rc == 0 && json_array_size(list) == 0)
        rc = json_rows_fail(r, "'annotations' must be a list of objects with 'text'");
    json_array_foreach(list, i, item)
    {
        const char *text = json_rows_string(json_object_get(item, "text")),
                   *source = json_rows_string(json_object_get(item, "source"));
        const char *value[N_COLUMNS] = { text_string(&triples), text, source ? source : "" };
        if (rc == 0 && !text)
            rc = json_rows_fail(r, "'annotations' must be a list of objects with 'text'");
        if (rc == 0)
            reader_fields(r, value);
    }
    if (rc != 0)
        r->f->n = before;
    text_free(&triples);
    return rc;
}

static int dart_rows(struct reader *r)
{
    return json_rows_list(r, dart_row);
}

const struct data_format data_format_dart = {
    .name = "dart", .source = "JSON of DART 1.1.1", .id = 6, .columns = columns, .rows = dart_rows
};
