/* tok_lines.c - a tokenizer against recorded cases. */
#include "tests/kit/tok_lines.h"

#include "tests/kit/suite.h" /* last, because check.h defines a macro "fail" */

#include <stdlib.h>
#include <string.h>

const char *tok_ids_differ(const struct ids *got, const json_t *want)
{
    static char text[256];

    text[0] = '\0';
    if ((size_t)got->n != json_array_size(want))
        snprintf(text, sizeof text, "%d ids, not %zu", got->n, json_array_size(want));
    for (int i = 0; i < got->n && !text[0]; i++)
        if (got->id[i] != json_integer_value(json_array_get(want, (size_t)i)))
            snprintf(text, sizeof text, "id %d is %d, not %lld", i, got->id[i],
                     (long long)json_integer_value(json_array_get(want, (size_t)i)));
    return text;
}

int tok_lines(const struct tok *t, const char *path, bool (*wanted)(const json_t *, int), int arg)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;
    int n = 0, row = 0;

    ck_assert_ptr_nonnull(f);
    while (getline(&line, &cap, f) > 0) {
        json_t *c = json_loads(line, JSON_ALLOW_NUL, NULL);
        struct ids ids = { 0 };
        int second;
        ck_assert_ptr_nonnull(c);
        row++;
        if (wanted(c, arg)) {
            json_t *a = json_object_get(c, json_object_get(c, "text") ? "text" : "a");
            json_t *b = json_object_get(c, json_object_get(c, "text") ? "pair" : "b");
            /* transformers ignores an empty second segment if there is a single pair */
            if (json_object_get(c, "text") && json_string_length(b) == 0)
                b = NULL;
            tok_join(t, json_string_value(a), json_string_length(a), json_string_value(b),
                     json_string_length(b), (int)json_integer_value(json_object_get(c, "max_len")),
                     &ids, &second);
            const char *differs = tok_ids_differ(&ids, json_object_get(c, "ids"));
            ck_assert_msg(!differs[0], "%s line %d: %s", path, row, differs);
            n++;
        }
        ids_free(&ids);
        json_decref(c);
    }
    free(line);
    fclose(f);
    return n;
}
