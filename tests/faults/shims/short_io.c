/* short_io.c - LD_PRELOAD: every third read or write is interrupted by a signal before it has done
 * anything, and the others move at most SHORT_IO bytes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_long n_calls;

static int interrupted(size_t *size)
{
    const char *text = getenv("SHORT_IO");
    size_t most = text ? (size_t)atol(text) : 1000;

    if (*size > most)
        *size = most;
    if (atomic_fetch_add(&n_calls, 1) % 3 != 2)
        return 0;
    errno = EINTR;
    return 1;
}

#define WRAP(name, params, args)                                                                   \
    ssize_t name params                                                                            \
    {                                                                                              \
        static ssize_t(*real) params;                                                              \
        if (!real)                                                                                 \
            *(void **)&real = dlsym(RTLD_NEXT, #name);                                             \
        return interrupted(&size) ? -1 : real args;                                                \
    }

WRAP(read, (int fd, void *data, size_t size), (fd, data, size))
WRAP(write, (int fd, const void *data, size_t size), (fd, data, size))
WRAP(pread64, (int fd, void *data, size_t size, off_t at), (fd, data, size, at))
WRAP(pwrite64, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
