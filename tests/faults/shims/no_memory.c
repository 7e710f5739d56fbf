/* no_memory.c - LD_PRELOAD: from main on, the allocation with the number FAIL_AT fails, and with
 * FAIL_FOR=N the N-1 after it. COUNT_TO names a file that gets the number of allocations. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t),
    *__libc_memalign(size_t, size_t);

static atomic_long n_calls;
static long fail_at, fail_for = 1;
static int counting;

static int refused(void)
{
    if (!counting)
        return 0;
    long n = atomic_fetch_add(&n_calls, 1) + 1;
    if (!fail_at || n < fail_at || n >= fail_at + fail_for)
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t n)
{
    return refused() ? NULL : __libc_malloc(n);
}
void *calloc(size_t n, size_t size)
{
    return refused() ? NULL : __libc_calloc(n, size);
}
void *realloc(void *p, size_t n)
{
    return refused() ? NULL : __libc_realloc(p, n);
}
void *reallocarray(void *p, size_t n, size_t size)
{
    size_t all;

    if (refused() || __builtin_mul_overflow(n, size, &all))
        return NULL;
    return __libc_realloc(p, all);
}
void *aligned_alloc(size_t align, size_t n)
{
    return refused() ? NULL : __libc_memalign(align, n);
}
int posix_memalign(void **p, size_t align, size_t n)
{
    if (refused())
        return ENOMEM;
    *p = __libc_memalign(align, n);
    return *p ? 0 : ENOMEM;
}

static void write_count(void)
{
    const char *path = getenv("COUNT_TO");
    char text[32];

    counting = 0;
    if (!path)
        return;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    int k = snprintf(text, sizeof text, "%ld\n", (long)n_calls);
    if (fd < 0 || write(fd, text, (size_t)k) != k)
        return;
    close(fd);
}

/* The first thing that main does. */
char *setlocale(int category, const char *locale)
{
    const char *at = getenv("FAIL_AT"), *n = getenv("FAIL_FOR");
    locale_t l = newlocale(1 << category, locale, (locale_t)0);

    if (l)
        uselocale(l);
    if (strcmp(program_invocation_short_name, "lowrank") != 0)
        return (char *)(unsigned long)locale; /* gnuplot */
    fail_at = at ? atol(at) : 0;
    fail_for = n ? atol(n) : 1;
    atexit(write_count);
    counting = 1;
    return (char *)(unsigned long)locale;
}
