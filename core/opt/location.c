/* location.c - where a value was written, for messages. */
#include "core/opt/location.h"
#include "core/base/alloc.h"

#include <stdlib.h>

const struct location location_command_line = { LOCATION_COMMAND_LINE, "command line", 0, 0 };

struct location location_named(const char *name)
{
    return (struct location){ .kind = LOCATION_PROGRAM, .name = name };
}

struct location location_copy(const struct location *p)
{
    struct location copy = *p;

    copy.name = xstrdup(p->name);
    return copy;
}

void location_free(struct location *p)
{
    free((void *)(uintptr_t)p->name);
    *p = (struct location){ 0 };
}

int location_context(const struct location *p)
{
    if (p->kind == LOCATION_FILE)
        return fail_context("%s:%d:%d", p->name, p->line, p->col);
    return fail_context("%s", p->name);
}

int location_vfail(const struct location *p, const char *fmt, va_list ap)
{
    char text[1024];

    vsnprintf(text, sizeof text, fmt, ap);
    fail(FAIL_USAGE, "%s", text);
    return location_context(p);
}

int location_fail(const struct location *p, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int rc = location_vfail(p, fmt, ap);
    va_end(ap);
    return rc;
}
