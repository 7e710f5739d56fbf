/* web.c - the files of a model card that come one by one from a web server. */
#include "experiments/sources/web.h"
#include "core/os/file.h"
#include "experiments/sources/download.h"
#include "experiments/sources/wheel.h"

#include <stdlib.h>
#include <string.h>

static struct download file_download(const struct model_card *c, int i, const char *path)
{
    struct download d = {
        .path = path, .what = c->title, .sha256 = c->files[i].sha256, .size = c->files[i].size
    };

    for (int k = 0; k < c->n_files; k++) {
        d.before += k < i ? c->files[k].size : 0;
        d.total += c->files[k].size;
    }
    return d;
}

int web_missing(uint64_t *bytes, const struct model_card *c, const char *dir)
{
    int rc = 0;

    *bytes = 0;
    for (int i = 0; i < c->n_files && rc == 0; i++) {
        char *path = path_join(dir, c->files[i].path);
        struct download d = file_download(c, i, path);
        uint64_t have = 0;
        if (!file_exists(path))
            rc = download_have(&d, &have);
        *bytes += file_exists(path) || have >= d.size ? 0 : d.size - have;
        free(path);
    }
    return rc;
}

static int make_parent(const char *path)
{
    char *dir = xstrdup(path);

    *strrchr(dir, '/') = 0;
    int rc = make_dirs(dir);
    free(dir);
    return rc;
}

static int get_file(const struct model_card *c, int i, const char *dir)
{
    char *path = path_join(dir, c->files[i].path);
    char *url = xprintf("%s/%s", c->url, c->files[i].path);
    struct download d = file_download(c, i, path);
    int same = file_exists(path) ? wheel_has_hash(path, c->files[i].sha256) : 0, rc = 0;

    d.url = url;
    if (same < 0 || (same == 0 && (make_parent(path) != 0 || download_file(&d) != 0)))
        rc = -1;
    free(url);
    free(path);
    return rc;
}

int web_get(const struct model_card *c, const char *dir)
{
    int rc = make_dirs(dir);

    for (int i = 0; i < c->n_files && rc == 0; i++)
        rc = get_file(c, i, dir);
    return rc;
}
