/* prepare.c - the data files of tasks that are made from an installed package. */
#include "experiments/sources/prepare.h"
#include "core/os/file.h"
#include "core/opt/home.h"
#include "experiments/sources/wordnet.h"

#include <stdlib.h>
#include <string.h>

static int fail_outside(const struct task *t, const char *data)
{
    return fail(FAIL_USAGE,
                "task '%s': 'dir' is '%s', but files that are made by 'prepare' stay below '%s'; "
                "it must be a relative path without '..' or links that lead out of it",
                t->name, t->dir, data);
}

static bool has_parent_component(const char *path)
{
    for (const char *p = path; *p; p += strspn(p, "/")) {
        size_t n = strcspn(p, "/");
        if (n == 2 && p[0] == '.' && p[1] == '.')
            return true;
        p += n;
    }
    return false;
}

/* Is the deepest part of DIR that exists below the folder DATA, which exists? Links count as what
 * they lead to. */
static bool is_below(const char *dir, const char *data)
{
    char *top = realpath(data, NULL), *at = xstrdup(dir), *real = NULL;

    while (!(real = realpath(at, NULL)) && strrchr(at, '/'))
        *strrchr(at, '/') = 0;
    size_t n = top ? strlen(top) : 0;
    bool below = top && real && strncmp(real, top, n) == 0 && (real[n] == 0 || real[n] == '/');
    free(real);
    free(at);
    free(top);
    return below;
}

static int write_task(const struct task *t, const char *dir)
{
    struct wordnet w;

    note("preparing task '%s' from WordNet in '%s'", t->name, dir);
    int rc = wordnet_load(&w);
    if (rc == 0) {
        rc = wordnet_write(&w, t->name, dir);
        wordnet_free(&w);
    }
    return rc;
}

int prepare_task(const char *home, const struct task *t)
{
    if (!t->prepare)
        return 0;
    if (strcmp(t->prepare, "wordnet") != 0)
        return fail(FAIL_USAGE, "task '%s': 'prepare' must be 'wordnet', not '%s'", t->name,
                    t->prepare);
    char *data = home_path(home, "data"), *dir = path_join(data, t->dir);
    int rc = 0;
    if (t->dir[0] == '/' || has_parent_component(t->dir))
        rc = fail_outside(t, data);
    else if (make_dirs(data) != 0)
        rc = -1;
    else if (!is_below(dir, data))
        rc = fail_outside(t, data);
    else if (!file_in(dir, "train.tsv")) /* written last */
        rc = write_task(t, dir);
    free(dir);
    free(data);
    return rc;
}
