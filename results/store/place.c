/* place.c - how far a run has come. */
#include "results/store/place.h"
#include "core/os/file.h"
#include "results/store/db.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *place_dir(const struct store *s)
{
    const char *slash = strrchr(s->path, '/');

    return slash ? xprintf("%.*s/ckpt", (int)(slash - s->path), s->path) : xstrdup("ckpt");
}

static char *place_path(const struct store *s, const char *key)
{
    char *dir = place_dir(s), *path = xprintf("%s/%s.step", dir, key);

    free(dir);
    return path;
}

int place_open(const struct store *s, const char *key)
{
    char *dir = place_dir(s), *path = place_path(s, key);
    int fd = make_dirs(dir) == 0 ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;

    place_note(fd, 0);
    free(path);
    free(dir);
    return fd;
}

void place_note(int fd, long step)
{
    if (fd >= 0 && pwrite(fd, &step, sizeof step, 0) != (ssize_t)sizeof step &&
        ftruncate(fd, 0) != 0)
        return; /* the place is unknown, which is no failure */
}

void place_close(int fd)
{
    if (fd >= 0)
        close(fd);
}

long place_read(const struct store *s, const char *key)
{
    char *path = place_path(s, key);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    long step = -1;

    if (fd >= 0 && (read(fd, &step, sizeof step) != (ssize_t)sizeof step || step < 0))
        step = -1;
    place_close(fd);
    free(path);
    return step;
}

void place_remove(const struct store *s, const char *key)
{
    char *path = place_path(s, key);

    unlink(path);
    free(path);
}
