/* find.c - the YAML files that a user names. */
#include "experiments/assets/find.h"
#include "core/base/text.h"
#include "core/opt/suggest.h"
#include "core/os/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_path(const char *name)
{
    size_t n = strlen(name);

    return strchr(name, '/') || (n > 5 && strcmp(name + n - 5, ".yaml") == 0) ||
           (n > 4 && strcmp(name + n - 4, ".yml") == 0);
}

char *find_full_path(const char *path)
{
    char *cwd = path[0] == '/' ? NULL : getcwd(NULL, 0);
    char *full = cwd ? path_join(cwd, path) : xstrdup(path);

    free(cwd);
    return full;
}

char *find_path(const char *path, enum fail_code code)
{
    char *found = realpath(path, NULL);

    if (found)
        return found;
    int err = errno;
    char *full = find_full_path(path);
    fail(code, "cannot open '%s': %s", full, strerror(err));
    free(full);
    return NULL;
}

glob_t find_files(const char *folder, const char *suffix)
{
    char *dir = share_path(folder), *pattern = xprintf("*.%s", suffix);
    glob_t g = path_glob(dir, pattern);

    free(pattern);
    free(dir);
    return g;
}

char *find_stem(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

    return xprintf("%.*s", (int)strcspn(name, "."), name);
}

int find_unknown(enum fail_code code, const char *what, const char *name, const char *folder)
{
    glob_t g = find_files(folder, "yaml");
    char **words = xalloc(g.gl_pathc + 1, sizeof *words);
    struct text hint = { 0 };

    for (size_t i = 0; i < g.gl_pathc; i++) {
        words[i] = find_stem(g.gl_pathv[i]);
        text_join(&hint, ", ", "%s", words[i]);
    }
    char *otherwise = g.gl_pathc ? xprintf("it must be a path or one of %s", text_string(&hint))
                                 : xstrdup("it must be a path");
    suggest_fail(code, what, name, (const char *const *)words, otherwise);
    for (size_t i = 0; i < g.gl_pathc; i++)
        free(words[i]);
    free(words);
    free(otherwise);
    text_free(&hint);
    globfree(&g);
    return -1;
}

static char *find_named(const char *what, const char *name, const char *folder)
{
    if (is_path(name))
        return find_path(name, FAIL_USAGE);
    char *file = xprintf("%s/%s.yaml", folder, name), *path = share_path(file);
    free(file);
    if (file_exists(path))
        return path;
    free(path);
    find_unknown(FAIL_USAGE, what, name, folder);
    return NULL;
}

char *find_recipe(const char *name)
{
    return find_named("recipe", name, "ablations");
}

char *find_task_shipped(const char *name)
{
    char *file = xprintf("experiments/tasks/%s.yaml", name), *path = share_path(file);

    free(file);
    if (!strchr(name, '/') && file_exists(path))
        return path;
    free(path);
    return NULL;
}

char *find_task(const char *name)
{
    return find_named("task", name, "experiments/tasks");
}
