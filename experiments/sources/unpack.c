/* unpack.c - what zip files contain. */
#include "experiments/sources/unpack.h"
#include "core/os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

static zip_t *open_archive(const char *archive)
{
    int err = 0;
    zip_t *z = zip_open(archive, ZIP_RDONLY, &err);

    if (!z) {
        zip_error_t why;
        zip_error_init_with_code(&why, err);
        fail(FAIL_INPUT, "cannot read '%s' as a zip file: %s", archive, zip_error_strerror(&why));
        zip_error_fini(&why);
    }
    return z;
}

/* Write INSIDE to the descriptor FD of the file TO. It has to have SIZE bytes. */
static int copy_inside(int fd, const char *to, zip_t *z, const char *archive, const char *inside,
                       uint64_t size)
{
    char buf[1 << 16];
    zip_file_t *in = zip_fopen(z, inside, 0);
    uint64_t n = 0;
    zip_int64_t got = 0;
    int rc = 0;

    while (rc == 0 && in && n <= size && (got = zip_fread(in, buf, sizeof buf)) > 0) {
        n += (uint64_t)got;
        progress("unpacking '%s': %.1f of %.1f MB", inside, (double)n / 1e6, (double)size / 1e6);
        rc = stop_check();
        if (rc == 0 && n <= size && file_write_to(fd, buf, (size_t)got) != 0)
            rc = fail(FAIL_STORE, "cannot write '%s': %s", to, strerror(errno));
    }
    progress_end();
    if (rc == 0 && (!in || got < 0 || n != size))
        rc = fail(FAIL_INPUT, "cannot unpack '%s' from '%s': %s", inside, archive,
                  n > size   ? "it is longer than expected"
                  : !in      ? zip_strerror(z)
                  : got == 0 ? "it is shorter than expected"
                             : zip_error_strerror(zip_file_get_error(in)));
    if (in)
        zip_fclose(in);
    return rc;
}

static int stated_size(uint64_t *size, zip_t *z, const char *archive, const char *inside)
{
    zip_stat_t st;

    if (zip_stat(z, inside, 0, &st) != 0 || !(st.valid & ZIP_STAT_SIZE))
        return fail(FAIL_INPUT, "the zip file '%s' has no '%s'", archive, inside);
    *size = st.size;
    return 0;
}

int unpack_append(int fd, const char *to, const char *archive, const char *inside, uint64_t size)
{
    zip_t *z = open_archive(archive);
    uint64_t stated = 0;

    if (!z)
        return -1;
    int rc = stated_size(&stated, z, archive, inside);
    if (rc == 0 && stated != size)
        rc = fail(FAIL_INPUT, "'%s' in '%s' has %llu bytes, not %llu as expected", inside, archive,
                  (unsigned long long)stated, (unsigned long long)size);
    if (rc == 0)
        rc = copy_inside(fd, to, z, archive, inside, size);
    zip_discard(z);
    return rc;
}

/* Make PATH the file INSIDE: under another name until its hash has been compared. */
static int write_file(const char *path, zip_t *z, const char *archive, const char *inside,
                      uint64_t size, const char *want)
{
    char *tmp = xprintf("%s.new", path), sha[65];
    int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666), rc = -1;

    if (fd < 0) {
        fail(FAIL_STORE, "cannot write '%s': %s", tmp, strerror(errno));
    } else {
        rc = copy_inside(fd, tmp, z, archive, inside, size);
        if (rc == 0 && fsync(fd) != 0)
            rc = fail(FAIL_STORE, "cannot write '%s': %s", tmp, strerror(errno));
        close(fd);
    }
    if (rc == 0 && (rc = sha256_file(sha, tmp)) == 0 && strcmp(sha, want) != 0)
        rc = fail(FAIL_INPUT, "'%s' in '%s' has SHA-256 %s, not %s as expected", inside, archive,
                  sha, want);
    if (rc == 0 && rename(tmp, path) != 0)
        rc = fail(FAIL_STORE, "cannot write '%s': %s", path, strerror(errno));
    if (rc != 0)
        unlink(tmp);
    free(tmp);
    return rc;
}

/* LEFT: how many bytes this file and the ones after it may have. */
static int unpack_file(zip_t *z, const char *archive, const char *inside,
                       const struct model_file *f, const char *path, uint64_t *left)
{
    char *parent = xstrdup(path);
    uint64_t size = 0;

    *strrchr(parent, '/') = 0;
    int rc = stated_size(&size, z, archive, inside);
    if (rc == 0 && size > *left)
        rc = fail(FAIL_INPUT,
                  "'%s' in '%s' has %llu bytes, where the model's files have at most %llu more",
                  inside, archive, (unsigned long long)size, (unsigned long long)*left);
    if (rc == 0 && (rc = make_dirs(parent)) == 0)
        rc = write_file(path, z, archive, inside, size, f->sha256);
    *left -= rc == 0 ? size : 0;
    free(parent);
    return rc;
}

int unpack_model(const struct model_card *c, const char *archive, const char *dir)
{
    zip_t *z = open_archive(archive);
    uint64_t left = c->unpacked;
    int rc = z ? 0 : -1;

    for (int i = 0; i < c->n_files && rc == 0; i++) {
        char *inside = path_join(c->folder, c->files[i].path),
             *path = path_join(dir, c->files[i].path);
        rc = unpack_file(z, archive, inside, &c->files[i], path, &left);
        free(path);
        free(inside);
    }
    if (z)
        zip_discard(z);
    return rc;
}
