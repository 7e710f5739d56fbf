/* at_step.c - LD_PRELOAD: when the run whose key begins with AT_KEY has noted step AT_STEP, the
 * process ends as AT_HOW says: "exit" with status 0, or by the signal of that number. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    static ssize_t (*real)(int, const void *, size_t, off_t);
    const char *key = getenv("AT_KEY"), *step = getenv("AT_STEP"), *how = getenv("AT_HOW");
    char link[64], path[4096] = "";
    long noted = -1;

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "pwrite");
    ssize_t n = real(fd, data, size, at);
    if (size == sizeof noted)
        memcpy(&noted, data, sizeof noted);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (!key || !step || !how || noted != atol(step) ||
        readlink(link, path, sizeof path - 1) <= 0 || !strstr(path, ".step"))
        return n;
    const char *name = strrchr(path, '/');
    if (!name || strncmp(name + 1, key, strlen(key)) != 0)
        return n;
    if (strcmp(how, "exit") == 0)
        _exit(0);
    signal(atoi(how), SIG_DFL);
    raise(atoi(how));
    return n;
}
ssize_t pwrite64(int, const void *, size_t, off_t) __attribute__((alias("pwrite")));
