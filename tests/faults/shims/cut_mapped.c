/* cut_mapped.c - LD_PRELOAD: after the map with the number CUT_AT of a file whose path ends with
 * CUT_FILE was made, and CUT_LATER allocations after that, the file is cut to CUT_TO bytes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t);

static char to_cut[4096];
static long wait_for = -1; /* allocations; -1: there is nothing to cut */

static void count_down(void)
{
    if (wait_for < 0 || wait_for-- > 0)
        return;
    if (truncate(to_cut, atol(getenv("CUT_TO"))) != 0)
        abort();
}

void *malloc(size_t n)
{
    count_down();
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    count_down();
    return __libc_calloc(n, size);
}

void *mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
    static void *(*real)(void *, size_t, int, int, int, off_t);
    static int n_maps;
    const char *file = getenv("CUT_FILE"), *number = getenv("CUT_AT"), *to = getenv("CUT_TO");
    char link[64], path[4096] = "";

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "mmap");
    void *p = real(at, size, prot, flags, fd, offset);
    if (fd < 0 || !file || !number || !to)
        return p;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof path - 1) <= 0 || strlen(path) < strlen(file) ||
        strcmp(path + strlen(path) - strlen(file), file) != 0)
        return p;
    if (++n_maps == atoi(number)) {
        memcpy(to_cut, path, sizeof to_cut);
        wait_for = atol(getenv("CUT_LATER"));
        count_down();
    }
    return p;
}
