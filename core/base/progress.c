/* progress.c - one status line on standard error. */
#include "core/base/progress.h"
#include "core/base/clock.h"
#include "core/base/message.h"
#include "core/base/terminal.h"
#include "core/base/text.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 512, REDRAWS_PER_S = 6, PLAIN_EVERY_S = 30 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of standard error and all below */
static char status[LINE];
static bool shown;  /* on the terminal now */
static bool paused; /* was shown when progress_pause removed it */
static double last_draw, last_plain = -1;

static bool on_terminal(void)
{
    const char *term = getenv("TERM");

    return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

/* One column stays free, because on some terminals a full line moves the cursor to the next one. */
static void draw_status(void)
{
    int bytes = 0, left = terminal_columns(stderr) - 1;

    for (const char *p = status; *p; p++) {
        if (((unsigned char)*p & 0xC0) != 0x80 && left-- == 0)
            break;
        bytes++;
    }
    fprintf(stderr, "\r\033[K%.*s", bytes, status);
    fflush(stderr);
    shown = true;
    last_draw = now_mono();
}

static void wipe_status(void)
{
    if (shown)
        fputs("\r\033[K", stderr);
    shown = false;
}

void progress(const char *fmt, ...)
{
    va_list ap;
    double now = now_mono();

    if (verbosity < 0)
        return;
    pthread_mutex_lock(&lock);
    va_start(ap, fmt);
    vsnprintf(status, sizeof status, fmt, ap);
    va_end(ap);
    text_one_line(status, sizeof status);
    if (on_terminal()) {
        if (!shown || now - last_draw >= 1.0 / REDRAWS_PER_S)
            draw_status();
    } else if (last_plain < 0) {
        last_plain = now; /* work that takes less than half a minute leaves no line in a log */
    } else if (now - last_plain >= PLAIN_EVERY_S) {
        fprintf(stderr, "%s\n", status);
        last_plain = now;
    }
    pthread_mutex_unlock(&lock);
}

void progress_end(void)
{
    pthread_mutex_lock(&lock);
    wipe_status();
    fflush(stderr);
    *status = 0;
    pthread_mutex_unlock(&lock);
}

void progress_pause(void)
{
    pthread_mutex_lock(&lock);
    paused = shown;
    wipe_status();
}

void progress_resume(void)
{
    if (paused)
        draw_status();
    fflush(stderr);
    pthread_mutex_unlock(&lock);
}
