/* path.c - paths and folders. */
#include "core/os/path.h"
#include "core/base/base.h"
#include "core/base/text.h"

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

static int tell_unreadable(const char *path, int err)
{
    if (err != ENOENT && err != ENOTDIR)
        warn("cannot read folder '%s': %s", path, strerror(err));
    return 0;
}

glob_t path_glob(const char *dir, const char *pattern)
{
    struct text t = { 0 };
    glob_t g = { 0 };

    for (const char *p = dir; *p; p++)
        text_add(&t, strchr("*?[\\", *p) ? "\\%c" : "%c", *p);
    text_add(&t, "/%s", pattern);
    if (glob(text_string(&t), 0, tell_unreadable, &g) != 0)
        g.gl_pathc = 0;
    text_free(&t);
    return g;
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
