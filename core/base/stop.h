/* stop.h - interruption by a signal, noticed between steps. */
#ifndef STOP_H
#define STOP_H

#include <stdbool.h>

/* stop_install - let SIGINT, SIGTERM, SIGHUP and SIGUSR1 request a stop, and ignore SIGPIPE
 * and SIGXFSZ. When SIGINT or SIGTERM comes a second time, the process ends at once with status 130
 * or 143. SIGHUP stays ignored under nohup. */
void stop_install(void);

/* stop_requested - the signal that requested a stop, or 0. */
int stop_requested(void);

/* stop_handle_second - with ON, leave the second SIGINT or SIGTERM to the caller too, who ends what
 * it has to end; the third one ends the process. stop_requested_twice - has it come? */
void stop_handle_second(bool on);
bool stop_requested_twice(void);

/* stop_check - 0, or -1 after FAIL_STOPPED when a stop was requested. */
int stop_check(void);
#endif
