/* progress.h - one status line on standard error. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "core/base/macros.h"

/* progress - set the status line. A terminal shows it in place, redrawn at most 6 times a second; a
 * log gets a plain line every 30 seconds; nothing is shown when quiet. */
void progress(const char *fmt, ...) PRINTF(1, 2);

/* progress_end - remove the line from the terminal. */
void progress_end(void);

/* progress_pause, progress_resume - around writing to standard error: remove the line and keep
 * other threads from writing; draw it again and flush. */
void progress_pause(void);
void progress_resume(void);
#endif
