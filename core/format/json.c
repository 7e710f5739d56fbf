/* json.c - reading and writing JSON files. */
#include "core/format/json.h"
#include "core/base/base.h"
#include "core/os/file.h"

#include <stdlib.h>
#include <string.h>

enum { JSON_LARGEST = 16 << 20 };

static json_t *json_parse(const char *path, const char *text, size_t size)
{
    json_error_t e;
    json_t *j = json_loadb(text, size, JSON_REJECT_DUPLICATES, &e);

    if (!j) {
        fail(FAIL_INPUT, "'%s' line %d column %d: %s", path, e.line, e.column, e.text);
        return NULL;
    }
    if (!json_is_object(j)) {
        fail(FAIL_INPUT, "'%s' is not a JSON object", path);
        json_decref(j);
        return NULL;
    }
    return j;
}

json_t *json_read(const char *path)
{
    struct file f;
    json_t *j = NULL;

    if (file_map(&f, path) != 0)
        return NULL;
    if (f.size > JSON_LARGEST) {
        fail(FAIL_INPUT, "'%s' is larger than 16 MiB, too large for a configuration", path);
    } else {
        char *text = xalloc(f.size, 1);
        if (file_copy_data(text, &f) == 0)
            j = json_parse(path, text, f.size);
        free(text);
    }
    file_unmap(&f);
    return j;
}

int json_write(json_t *j, const char *dir, const char *name, size_t flags)
{
    char *path = path_join(dir, name), *text = j ? json_dumps(j, JSON_INDENT(2) | flags) : NULL;
    char *line = text ? xprintf("%s\n", text) : NULL;
    int rc = line ? file_write(path, line, strlen(line), FAIL_STORE)
                  : fail(FAIL_STORE, "cannot write '%s': a string in it is not UTF-8", path);

    free(line);
    free(text);
    free(path);
    json_decref(j);
    return rc;
}
