/* fail.c - assertions, and the record of the most recent failure. */
#include "core/base/fail.h"
#include "core/base/text.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 2048, KEYS = 256 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char recorded[LINE], recorded_keys[KEYS];
static enum fail_code recorded_code = FAIL_RUN;

const struct fail_status fail_statuses[] = {
    { "0", "everything was done" },
    { "1", "a run failed or diverged, or a comparison found a difference" },
    { "2", "the command line or a recipe is wrong; nothing was run" },
    { "3", "an input file cannot be read or has invalid content" },
    { "4", "the result database or its disk failed" },
    { "5", "there is not enough memory" },
    { "6", "a program or package that is needed is missing or failed" },
    { "130, 143", "the command was interrupted; the same command continues where it stopped" },
    { NULL, NULL },
};

_Noreturn void bug(const char *file, int line, const char *cond, const char *fmt, ...)
{
    va_list ap;

    fprintf(stderr, "\nlowrank: bug at %s:%d: '%s' does not hold: ", file, line, cond);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    fflush(stderr);
    abort();
}

static int record(enum fail_code code, const char *keys, const char *fmt, va_list ap)
{
    char line[LINE]; /* FMT's arguments may point into RECORDED */

    vsnprintf(line, sizeof line, fmt, ap);
    text_one_line(line, sizeof line);
    pthread_mutex_lock(&lock);
    memcpy(recorded, line, sizeof recorded);
    snprintf(recorded_keys, sizeof recorded_keys, "%s", keys);
    recorded_code = code;
    pthread_mutex_unlock(&lock);
    return -1;
}

int fail(enum fail_code code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int rc = record(code, "", fmt, ap);
    va_end(ap);
    return rc;
}

int fail_setting(const char *keys, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int rc = record(FAIL_USAGE, keys, fmt, ap);
    va_end(ap);
    return rc;
}

int fail_about(const char *keys)
{
    pthread_mutex_lock(&lock);
    snprintf(recorded_keys, sizeof recorded_keys, "%s", keys);
    pthread_mutex_unlock(&lock);
    return -1;
}

int fail_context(const char *fmt, ...)
{
    char before[LINE], line[2 * LINE + 2];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(before, sizeof before, fmt, ap);
    va_end(ap);
    pthread_mutex_lock(&lock);
    snprintf(line, sizeof line, "%s: %s", before, recorded);
    line[sizeof recorded - 1] = 0;
    text_one_line(line, sizeof recorded);
    memcpy(recorded, line, sizeof recorded);
    pthread_mutex_unlock(&lock);
    return -1;
}

const char *fail_text(void)
{
    return *recorded ? recorded : "failed without a reason";
}

enum fail_code fail_code(void)
{
    return recorded_code;
}

const char *fail_keys(void)
{
    return recorded_keys;
}
