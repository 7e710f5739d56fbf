/* message.c - messages on standard error, and the end of standard output. */
#include "core/base/message.h"
#include "core/base/fail.h"
#include "core/base/progress.h"
#include "core/base/text.h"
#include "core/base/utf8.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>

int verbosity;

static void message(const char *prefix, const char *fmt, va_list ap)
{
    struct text t = { 0 };

    text_append(&t, fmt, ap);
    progress_pause();
    fputs(prefix, stderr);
    utf8_print(stderr, text_string(&t));
    fputc('\n', stderr);
    progress_resume();
    text_free(&t);
}

void note(const char *fmt, ...)
{
    va_list ap;

    if (verbosity < 0)
        return;
    va_start(ap, fmt);
    message("", fmt, ap);
    va_end(ap);
}

void detail(const char *fmt, ...)
{
    va_list ap;

    if (verbosity < 1)
        return;
    va_start(ap, fmt);
    message("", fmt, ap);
    va_end(ap);
}

void warn(const char *fmt, ...)
{
    va_list ap;

    if (verbosity < 0)
        return;
    va_start(ap, fmt);
    message("warning: ", fmt, ap);
    va_end(ap);
}

/* A pipe whose reader has closed it reports an error without being written to. */
static bool reader_gone(FILE *to)
{
    struct pollfd p = { .fd = fileno(to) };

    return poll(&p, 1, 0) > 0 && (p.revents & POLLERR);
}

int output_end(FILE *to)
{
    if (fflush(to) == 0 && !ferror(to))
        return 0;
    int err = errno;
    return reader_gone(to) ? 0 : fail(FAIL_STORE, "cannot write the result: %s", strerror(err));
}
