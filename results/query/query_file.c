/* query_file.c - queries in files of the user's own. */
#include "results/query/query_file.h"
#include "core/base/text.h"
#include "core/opt/home.h"
#include "core/os/file.h"
#include "results/query/query.h"

#include <stdlib.h>
#include <string.h>

static int read_text(char **text, const char *path)
{
    struct text t = { 0 };
    struct file f;

    if (file_map(&f, path) != 0)
        return -1;
    text_put(&t, (const char *)f.data, f.size);
    file_unmap(&f);
    *text = text_take(&t);
    return 0;
}

int query_file(char **sql, const char *home, const char *name)
{
    size_t n = strlen(name);
    char *file = xprintf("queries/%s.sql", name), *path = home_path(home, file);
    int rc = 0;

    *sql = NULL;
    if (n > 4 && strcmp(name + n - 4, ".sql") == 0)
        rc = read_text(sql, name);
    else if (!strchr(name, '/') && file_exists(path))
        rc = read_text(sql, path);
    else if (query_find(name))
        *sql = xstrdup(query_find(name));
    free(path);
    free(file);
    return rc;
}
