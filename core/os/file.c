/* file.c - opening files, and replacing them as a whole. */
#include "core/os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* O_NONBLOCK: a FIFO is refused at once; without it, open would wait for a writer. */
int file_open(const char *path, size_t *size)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return fail(FAIL_INPUT, "cannot open '%s': %s", path, strerror(errno));
    if (fstat(fd, &st) != 0) {
        fail(FAIL_INPUT, "cannot read '%s': %s", path, strerror(errno));
        goto refused;
    }
    if (!S_ISREG(st.st_mode)) {
        fail(FAIL_INPUT, "'%s' is %s, not a regular file", path,
             S_ISDIR(st.st_mode) ? "a folder" : "a device or a pipe");
        goto refused;
    }
    *size = (size_t)st.st_size;
    return fd;
refused:
    close(fd);
    return -1;
}

int file_write_to(int fd, const void *data, size_t size)
{
    const unsigned char *p = data;

    while (size > 0) {
        ssize_t n = write(fd, p, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        p += n;
        size -= (size_t)n;
    }
    return 0;
}

/* Some file systems cannot sync a folder and return EINVAL; nothing safer is possible there. */
static int sync_folder(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return errno == EACCES ? 0 : -1; /* a folder may be writable but not readable */
    int rc = fsync(fd) != 0 && errno != EINVAL ? -1 : 0;
    int err = errno;
    close(fd);
    errno = err;
    return rc;
}

static int write_and_rename(const char *target, const char *tmp, const char *dir,
                            const struct file_part *part, int n, bool sync)
{
    int err = 0, fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

    if (fd < 0)
        return -1;
    for (int i = 0; i < n && !err; i++)
        if (file_write_to(fd, part[i].data, part[i].size) != 0)
            err = errno;
    if (!err && sync && fsync(fd) != 0)
        err = errno;
    if (close(fd) != 0 && !err)
        err = errno;
    if (!err && rename(tmp, target) != 0)
        err = errno;
    if (err) {
        unlink(tmp);
        errno = err;
        return -1;
    }
    return sync ? sync_folder(dir) : 0;
}

static int replace_file(const char *path, const struct file_part *part, int n, bool sync,
                        enum fail_code code)
{
    static unsigned counter;
    struct stat st;
    int rc = 0;

    /* Renaming a file to /dev/stdout would replace the device, and to a link, the link. */
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return fail(code, "cannot write '%s': it is %s", path,
                    S_ISDIR(st.st_mode) ? "a folder" : "not a regular file");
    char *real = realpath(path, NULL);
    char *target = xstrdup(real ? real : path);
    char *slash = strrchr(target, '/');
    char *dir = !slash ? xstrdup(".") : slash == target ? xstrdup("/") : NULL;
    if (!dir)
        dir = xprintf("%.*s", (int)(slash - target), target);
    /* A short name for the temporary file fits wherever the file's own name fits. */
    char *tmp = xprintf("%s/.tmp.%ld.%u", dir, (long)getpid(),
                        __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED));
    if (write_and_rename(target, tmp, dir, part, n, sync) != 0)
        rc = fail(code, "cannot write '%s': %s", path, strerror(errno));
    free(tmp);
    free(dir);
    free(target);
    free(real);
    return rc;
}

int file_write(const char *path, const void *data, size_t size, enum fail_code code)
{
    return replace_file(path, &(struct file_part){ data, size }, 1, true, code);
}

int file_write_parts(const char *path, const struct file_part *part, int n, enum fail_code code)
{
    return replace_file(path, part, n, false, code);
}

int file_copy_there(const char *from, const char *to, const char *name)
{
    char *src = path_join(from, name), *dst = path_join(to, name);
    struct file f;
    int rc = 0;

    if (file_exists(src) && (rc = file_map(&f, src)) == 0) {
        rc = file_write(dst, f.data, f.size, FAIL_STORE);
        file_unmap(&f);
    }
    free(dst);
    free(src);
    return rc;
}

bool file_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG);
}

bool file_in(const char *dir, const char *name)
{
    char *path = path_join(dir, name);
    bool there = file_exists(path);

    free(path);
    return there;
}
