/* file.c - reading files through a map, and replacing files as a whole. */
#include "core/os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

int file_map(struct file *f, const char *path)
{
    size_t size = 0;
    void *p = NULL;

    *f = (struct file){ 0 };
    int fd = file_open(path, &size);
    if (fd < 0)
        return -1;
    if (size > 0)
        p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    int err = errno;
    close(fd);
    if (p == MAP_FAILED)
        return fail(FAIL_INPUT, "cannot map '%s': %s", path, strerror(err));
    f->path = xstrdup(path);
    f->data = size > 0 ? p : (const unsigned char *)"";
    f->size = size;
    return 0;
}

void file_unmap(struct file *f)
{
    if (f->size > 0)
        munmap((void *)(uintptr_t)f->data, f->size);
    free(f->path);
    *f = (struct file){ 0 };
}

/* Each thread guards its own reads: SIGBUS is delivered to the thread whose access failed. */
static _Thread_local sigjmp_buf guard_jump;
static _Thread_local const struct file *volatile guarded;

static void on_bus(int sig, siginfo_t *info, void *context)
{
    const struct file *f = guarded;
    const unsigned char *at = info->si_addr;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    (void)context;
    if (f && at >= f->data && at < f->data + (f->size + page - 1) / page * page)
        siglongjmp(guard_jump, 1);
    signal(sig, SIG_DFL); /* another access failed: it is repeated and ends the process */
}

int file_guard(const struct file *f, int (*fn)(void *), void *arg)
{
    struct sigaction sa = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO }, old;
    int rc;

    CHECK(!guarded, "file_guard of '%s' inside another", f->path ? f->path : "");
    sigemptyset(&sa.sa_mask);
    sigaction(SIGBUS, &sa, &old);
    if (sigsetjmp(guard_jump, 1) == 0) {
        guarded = f;
        rc = fn(arg);
    } else {
        rc = fail(FAIL_INPUT, "'%s' changed while it was being read", f->path);
    }
    guarded = NULL;
    sigaction(SIGBUS, &old, NULL);
    return rc;
}

static const struct file **tolerated;
static int n_tolerated;
static const struct file *volatile truncated;

static const struct file *find_tolerated(const unsigned char *at, size_t page)
{
    for (int i = 0; i < n_tolerated; i++) {
        const struct file *f = tolerated[i];
        if (at >= f->data && at < f->data + (f->size + page - 1) / page * page)
            return f;
    }
    return NULL;
}

/* Puts an empty page where the file has none any more. mmap is a plain system call. */
static void on_truncated(int sig, siginfo_t *info, void *context)
{
    const unsigned char *at = info->si_addr;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const struct file *f = find_tolerated(at, page);

    (void)context;
    if (f && info->si_code == BUS_ADRERR) {
        void *start = (void *)((uintptr_t)at / page * page);
        truncated = f;
        if (mmap(start, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == start)
            return;
    }
    signal(sig, SIG_DFL);
}

void file_tolerate(const struct file *f)
{
    struct sigaction sa = { .sa_sigaction = on_truncated, .sa_flags = SA_SIGINFO };

    sigemptyset(&sa.sa_mask);
    if (f && f->size > 0) {
        tolerated = xgrow(tolerated, (size_t)n_tolerated + 1, sizeof(void *));
        tolerated[n_tolerated++] = f;
    } else if (!f) {
        sa = (struct sigaction){ .sa_handler = SIG_DFL };
        free(tolerated);
        tolerated = NULL;
        n_tolerated = 0;
        truncated = NULL;
    }
    sigaction(SIGBUS, &sa, NULL);
}

const struct file *file_truncated(void)
{
    return truncated;
}

struct data_copy {
    void *to;
    const struct file *from;
};

static int copy_data(void *arg)
{
    const struct data_copy *c = arg;

    memcpy(c->to, c->from->data, c->from->size);
    return 0;
}

int file_copy_data(void *to, const struct file *f)
{
    return file_guard(f, copy_data, &(struct data_copy){ to, f });
}

static int write_all(int fd, const unsigned char *p, size_t size)
{
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
        if (write_all(fd, part[i].data, part[i].size) != 0)
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

    return stat(path, &st) == 0;
}

bool file_in(const char *dir, const char *name)
{
    char *path = path_join(dir, name);
    bool there = file_exists(path);

    free(path);
    return there;
}
