/* alloc.c - allocation that does not fail. */
#include "core/base/alloc.h"
#include "core/base/fail.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void alloc_failed(size_t n, size_t size)
{
    fprintf(stderr, "\nlowrank: out of memory (%zu x %zu bytes)\n", n, size);
    fflush(stderr);
    _exit(FAIL_MEMORY);
}

void *xalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);

    if (!p)
        alloc_failed(n, size);
    return p;
}

void *xgrow(void *p, size_t n, size_t size)
{
    void *q = reallocarray(p, n ? n : 1, size ? size : 1);

    if (!q)
        alloc_failed(n, size);
    return q;
}

char *xstrdup(const char *s)
{
    size_t n = strlen(s) + 1;

    return memcpy(xalloc(n, 1), s, n);
}

char *xprintf(const char *fmt, ...)
{
    va_list ap;
    char *s = NULL;

    va_start(ap, fmt);
    int n = vasprintf(&s, fmt, ap);
    va_end(ap);
    if (n < 0)
        alloc_failed(strlen(fmt), 1);
    return s;
}

FILE *xmemstream(char **text, size_t *size)
{
    FILE *f = open_memstream(text, size);

    if (!f)
        alloc_failed(1, sizeof *f);
    return f;
}

void xmemstream_end(FILE *f)
{
    bool bad = ferror(f);

    if (fclose(f) != 0 || bad)
        alloc_failed(1, BUFSIZ);
}
