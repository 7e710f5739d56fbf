/* file_map.c - reading files through a map that another process may truncate at any moment.
 *
 * An access to a page that the file has not got any more is SIGBUS. All maps are in one list, so
 * that one handler can tell whose page it was. The list is read by the handler and therefore only
 * grows; an entry that is free is used again. */
#include "core/os/file.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct mapping {
    struct mapping *next;
    const unsigned char *_Atomic data; /* NULL: free */
    size_t size;
    dev_t device;
    ino_t inode;
    char *path;
    volatile sig_atomic_t was_read_short; /* zeros took the place of data; the entry stays */
};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct mapping *_Atomic mappings;
static size_t page_size;

/* Each thread guards its own reads: SIGBUS is delivered to the thread whose access failed. */
static _Thread_local sigjmp_buf guard_jump;
static _Thread_local const struct file *volatile guarded;

static bool is_inside(const unsigned char *at, const unsigned char *data, size_t size)
{
    return data && at >= data && at < data + (size + page_size - 1) / page_size * page_size;
}

/* Leaves a guarded read. Elsewhere puts an empty page where the file has none; mmap is a plain
 * system call. Any other access is repeated and ends the process. */
static void on_bus(int sig, siginfo_t *info, void *context)
{
    const unsigned char *at = info->si_addr;
    struct mapping *m = mappings;

    (void)context;
    if (guarded && is_inside(at, guarded->data, guarded->size))
        siglongjmp(guard_jump, 1);
    while (m && !is_inside(at, m->data, m->size))
        m = m->next;
    void *start = (void *)((uintptr_t)at / page_size * page_size);
    if (m && info->si_code == BUS_ADRERR &&
        mmap(start, page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == start)
        m->was_read_short = 1;
    else
        signal(sig, SIG_DFL);
}

static void install_handler(void)
{
    struct sigaction sa = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO };

    page_size = (size_t)sysconf(_SC_PAGESIZE);
    sigemptyset(&sa.sa_mask);
    sigaction(SIGBUS, &sa, NULL);
}

static void remember(const struct file *f, const struct stat *st)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, install_handler);
    pthread_mutex_lock(&lock);
    struct mapping *m = mappings;
    while (m && (m->data || m->was_read_short))
        m = m->next;
    if (!m) {
        m = xalloc(1, sizeof *m);
        m->next = mappings;
        mappings = m;
    }
    free(m->path);
    m->path = xstrdup(f->path);
    m->size = f->size;
    m->device = st->st_dev;
    m->inode = st->st_ino;
    m->data = f->data;
    pthread_mutex_unlock(&lock);
}

static void forget(const struct file *f)
{
    pthread_mutex_lock(&lock);
    for (struct mapping *m = mappings; m; m = m->next)
        if (m->data == f->data)
            m->data = NULL;
    pthread_mutex_unlock(&lock);
}

int file_map(struct file *f, const char *path)
{
    struct stat st = { 0 };
    size_t size = 0;
    void *p = NULL;

    *f = (struct file){ 0 };
    int fd = file_open(path, &size);
    if (fd < 0)
        return -1;
    if (size > 0 && fstat(fd, &st) == 0)
        p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    int err = errno;
    close(fd);
    if (p == MAP_FAILED || (size > 0 && !p))
        return fail(FAIL_INPUT, "cannot map '%s': %s", path, strerror(err));
    f->path = xstrdup(path);
    f->data = size > 0 ? p : (const unsigned char *)"";
    f->size = size;
    if (size > 0)
        remember(f, &st);
    return 0;
}

void file_unmap(struct file *f)
{
    if (f->size > 0) {
        forget(f);
        munmap((void *)(uintptr_t)f->data, f->size);
    }
    free(f->path);
    *f = (struct file){ 0 };
}

int file_guard(const struct file *f, int (*fn)(void *), void *arg)
{
    int rc;

    CHECK(!guarded, "file_guard of '%s' inside another", f->path ? f->path : "");
    if (sigsetjmp(guard_jump, 1) == 0) {
        guarded = f;
        rc = fn(arg);
    } else {
        rc = fail(FAIL_INPUT, "'%s' changed while it was being read", f->path);
    }
    guarded = NULL;
    return rc;
}

/* The end of a page beyond the end of a file reads as zeros without a signal. */
static bool has_shrunk(const struct mapping *m)
{
    struct stat st;

    return m->data && stat(m->path, &st) == 0 && st.st_dev == m->device && st.st_ino == m->inode &&
           (size_t)st.st_size < m->size;
}

int file_check(void)
{
    int rc = 0;

    pthread_mutex_lock(&lock);
    for (struct mapping *m = mappings; m && rc == 0; m = m->next)
        if (m->was_read_short || has_shrunk(m))
            rc = fail(FAIL_INPUT, "'%s' changed while it was being read", m->path);
    pthread_mutex_unlock(&lock);
    return rc;
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
