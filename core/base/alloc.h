/* alloc.h - allocation that does not fail.
 *
 * When memory runs out, these functions print one line and end the process with FAIL_MEMORY. Large
 * sizes that come from an input are allocated with malloc or an arena instead, whose callers report
 * the failure. The caller frees what it gets. */
#ifndef ALLOC_H
#define ALLOC_H

#include "core/base/macros.h"

/* xalloc - N elements of SIZE bytes, all zero. xgrow - P resized to N elements of SIZE bytes; bytes
 * that are new are not cleared. xstrdup - a copy of S. xprintf - a formatted string. */
void *xalloc(size_t n, size_t size);
void *xgrow(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xprintf(const char *fmt, ...) PRINTF(1, 2);

/* xmemstream - open_memstream. xmemstream_end - close it; *TEXT and *SIZE are complete then. */
FILE *xmemstream(char **text, size_t *size);
void xmemstream_end(FILE *f);

/* alloc_failed - what happens when N elements of SIZE bytes cannot be had. */
_Noreturn void alloc_failed(size_t n, size_t size);
#endif
