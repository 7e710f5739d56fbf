/* clock.h - the time, and durations as people write them. */
#ifndef CLOCK_H
#define CLOCK_H

/* now_mono - seconds of CLOCK_MONOTONIC, for durations. now_wall - seconds since 1970, for time
 * stamps only. */
double now_mono(void);
double now_wall(void);

/* duration_text - "0.4 s", "42 s", "3 min 20 s", "2 h 05 min", or "unknown" into BUF, which is
 * returned. */
const char *duration_text(char buf[32], double seconds);
#endif
