/* clock.c - the time, and durations as people write them. */
#include "core/base/clock.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

static double now_on(clockid_t clock)
{
    struct timespec t = { 0 };

    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double now_mono(void)
{
    return now_on(CLOCK_MONOTONIC);
}

double now_wall(void)
{
    return now_on(CLOCK_REALTIME);
}

const char *duration_text(char buf[32], double seconds)
{
    if (!isfinite(seconds) || seconds < 0 || seconds > 1e12) {
        snprintf(buf, 32, "unknown");
        return buf;
    }
    long s = lround(seconds);
    if (seconds < 9.95)
        snprintf(buf, 32, "%.1f s", seconds);
    else if (s < 60)
        snprintf(buf, 32, "%ld s", s);
    else if (s < 3600)
        snprintf(buf, 32, "%ld min %ld s", s / 60, s % 60);
    else
        snprintf(buf, 32, "%ld h %02ld min", s / 3600, s % 3600 / 60);
    return buf;
}
