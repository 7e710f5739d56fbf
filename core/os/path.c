/* path.c - paths and folders. */
#include "core/os/path.h"
#include "core/base/base.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char *path_join(const char *dir, const char *name)
{
    size_t n = strlen(dir);

    if (n == 0 || *name == '/')
        return xstrdup(name);
    return xprintf("%s%s%s", dir, dir[n - 1] == '/' ? "" : "/", name);
}

int make_dirs(const char *path)
{
    char *p = xstrdup(path);
    struct stat st;
    int rc = 0;

    for (char *s = p + 1; *p && rc == 0; s++) {
        char c = *s;
        if (c != '/' && c != 0)
            continue;
        *s = 0;
        int err = mkdir(p, 0777) == 0 ? 0 : errno;
        if (err && (stat(p, &st) != 0 || !S_ISDIR(st.st_mode)))
            rc = fail(FAIL_STORE, "cannot create folder '%s': %s", p, strerror(err));
        *s = c;
        if (c == 0)
            break;
    }
    free(p);
    return rc;
}
