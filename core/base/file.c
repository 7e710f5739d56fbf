/* file.c - files in, files out, by content; other programs. */
#include "core/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* O_NONBLOCK: a FIFO must be refused, not waited for. */
static int open_regular(const char *path, size_t *size)
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
    int fd = open_regular(path, &size);
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

/* The guard belongs to the thread that reads: SIGBUS is delivered to the thread that faulted. */
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
    signal(sig, SIG_DFL); /* not ours: the access is tried again and ends the process */
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
        rc = fail(FAIL_INPUT, "'%s' changed while it was read", f->path);
    }
    guarded = NULL;
    sigaction(SIGBUS, &old, NULL);
    return rc;
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

/* Some filesystems cannot sync a folder and say EINVAL: the rename is then as safe as it gets. */
static int sync_folder(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return errno == EACCES ? 0 : -1; /* a folder may be writable without being readable */
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

    /* Renaming over /dev/stdout would replace the device; through a link, the link. */
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return fail(code, "cannot write '%s': it is %s", path,
                    S_ISDIR(st.st_mode) ? "a folder" : "not a regular file");
    char *real = realpath(path, NULL);
    char *target = xstrdup(real ? real : path);
    char *slash = strrchr(target, '/');
    char *dir = !slash ? xstrdup(".") : slash == target ? xstrdup("/") : NULL;
    if (!dir)
        dir = xprintf("%.*s", (int)(slash - target), target);
    /* The name of the temporary is short, so that it fits wherever the file's own name does. */
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

int make_dirs(const char *path)
{
    char *p = xstrdup(path);
    struct stat st;
    int rc = 0;

    for (char *s = p + 1; *p && rc == 0; s++) {
        char c = *s;
        if (c != '/' && c != 0)
            continue;
        *s = 0;
        int err = mkdir(p, 0777) == 0 ? 0 : errno;
        if (err && (stat(p, &st) != 0 || !S_ISDIR(st.st_mode)))
            rc = fail(FAIL_STORE, "cannot create folder '%s': %s", p, strerror(err));
        *s = c;
        if (c == 0)
            break;
    }
    free(p);
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

char *path_join(const char *dir, const char *name)
{
    size_t n = strlen(dir);

    if (n == 0 || *name == '/')
        return xstrdup(name);
    return xprintf("%s%s%s", dir, dir[n - 1] == '/' ? "" : "/", name);
}

static void hex(char out[65], const unsigned char *md)
{
    for (int i = 0; i < 32; i++)
        snprintf(out + 2 * i, 3, "%02x", md[i]);
}

void sha256_hex(char out[65], const void *data, size_t size)
{
    unsigned char md[EVP_MAX_MD_SIZE] = { 0 };
    int ok = EVP_Digest(data, size, md, NULL, EVP_sha256(), NULL);

    CHECK(ok == 1, "SHA-256 of %zu bytes", size);
    hex(out, md);
}

int sha256_file(char out[65], const char *path)
{
    enum { CHUNK = 1 << 18 };
    unsigned char md[EVP_MAX_MD_SIZE] = { 0 }, *buf;
    size_t size;
    ssize_t n;
    int rc = 0, fd = open_regular(path, &size);

    if (fd < 0)
        return -1;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    CHECK(ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1, "SHA-256 of '%s'", path);
    buf = xalloc(CHUNK, 1);
    while ((n = read(fd, buf, CHUNK)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0)
            CHECK(EVP_DigestUpdate(ctx, buf, (size_t)n) == 1, "SHA-256 of '%s'", path);
    if (n < 0)
        rc = fail(FAIL_INPUT, "cannot read '%s': %s", path, strerror(errno));
    CHECK(EVP_DigestFinal_ex(ctx, md, NULL) == 1, "SHA-256 of '%s'", path);
    hex(out, md);
    free(buf);
    EVP_MD_CTX_free(ctx);
    close(fd);
    return rc;
}

/* The child gets a group of its own, so that a timeout also ends what it started, and default
 * signals. */
static int start(pid_t *pid, char *const argv[], int out_fd)
{
    posix_spawn_file_actions_t fa;
    posix_spawnattr_t at;
    sigset_t none, normal;

    sigemptyset(&none);
    sigfillset(&normal);
    posix_spawn_file_actions_init(&fa);
    posix_spawn_file_actions_addopen(&fa, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&fa, out_fd, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&fa, out_fd, STDERR_FILENO);
    posix_spawnattr_init(&at);
    posix_spawnattr_setsigdefault(&at, &normal);
    posix_spawnattr_setsigmask(&at, &none);
    posix_spawnattr_setflags(&at, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
                                      POSIX_SPAWN_SETSIGMASK);
    int err = posix_spawnp(pid, argv[0], &fa, &at, argv, environ);
    posix_spawnattr_destroy(&at);
    posix_spawn_file_actions_destroy(&fa);
    return err;
}

/* Reads what is there; keeps what fits, so that a chatty program is never blocked. One call takes
 * at most what a pipe holds, so that an endless writer does not keep the clock from being looked
 * at. */
static void drain(int fd, char *out, size_t out_size, size_t *used)
{
    char buf[4096];
    ssize_t n;

    for (int i = 0; i < 16 && (n = read(fd, buf, sizeof buf)) > 0; i++) {
        size_t room = out_size > *used + 1 ? out_size - *used - 1 : 0;
        size_t take = (size_t)n < room ? (size_t)n : room;
        memcpy(out + *used, buf, take);
        *used += take;
    }
}

/* The end is told by waitpid and not by the pipe's end: a daemon that was left behind may hold it
 * open. */
static int supervise(pid_t pid, int fd, char *out, size_t out_size, double timeout_s, bool *late)
{
    double t0 = now_mono();
    int st = 0, told = stop_requested();
    size_t used = 0;
    pid_t done;

    for (int wait_ms = 1; (done = waitpid(pid, &st, WNOHANG)) == 0;) {
        struct pollfd pfd = { .fd = fd, .events = POLLIN };
        if (poll(&pfd, 1, wait_ms) > 0 && (pfd.revents & POLLHUP) && !(pfd.revents & POLLIN))
            poll(NULL, 0, wait_ms); /* it closed its output but still runs */
        if (fd >= 0)
            drain(fd, out, out_size, &used);
        wait_ms = wait_ms < 50 ? 2 * wait_ms : 50;
        if (stop_requested() != told) {
            told = stop_requested();
            kill(-pid, told);
        }
        if (timeout_s > 0 && now_mono() - t0 > timeout_s && !*late) {
            *late = true;
            kill(-pid, SIGKILL);
        }
    }
    if (fd >= 0)
        drain(fd, out, out_size, &used);
    if (out && out_size > 0)
        out[used] = 0;
    if (done < 0)
        return -1;
    return WIFSIGNALED(st) ? 128 + WTERMSIG(st) : WEXITSTATUS(st);
}

int spawn_wait(char *const argv[], char *out, size_t out_size, double timeout_s)
{
    int fd[2] = { -1, -1 };
    bool late = false;
    pid_t pid = 0;

    if (out && out_size > 0)
        *out = 0;
    if (out && (pipe2(fd, O_CLOEXEC) != 0 || fcntl(fd[0], F_SETFL, O_NONBLOCK) != 0))
        return fail(FAIL_TOOL, "cannot start '%s': %s", argv[0], strerror(errno));
    int err = start(&pid, argv, out ? fd[1] : STDERR_FILENO);
    if (fd[1] >= 0)
        close(fd[1]);
    int rc = err ? -1 : supervise(pid, fd[0], out, out_size, timeout_s, &late);
    if (fd[0] >= 0)
        close(fd[0]);
    if (err == ENOENT || err == EACCES) /* EACCES: also a folder of PATH that may not be searched */
        return fail(FAIL_TOOL, "program '%s' is not installed", argv[0]);
    if (err)
        return fail(FAIL_TOOL, "cannot start '%s': %s", argv[0], strerror(err));
    if (late)
        return fail(FAIL_TOOL, "'%s' did not finish within %g s", argv[0], timeout_s);
    if (rc < 0)
        return fail(FAIL_TOOL, "lost track of '%s'", argv[0]);
    return rc;
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
