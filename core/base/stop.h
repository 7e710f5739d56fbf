/* stop.h - interruption by a signal, noticed between steps. */
#ifndef STOP_H
#define STOP_H

/* stop_install - let SIGINT, SIGTERM, SIGHUP and SIGUSR1 request a stop (a second SIGINT ends the
 * process at once with 130; SIGHUP stays ignored under nohup), and ignore SIGPIPE and SIGXFSZ. */
void stop_install(void);

/* stop_requested - the signal that requested a stop, or 0. */
int stop_requested(void);

/* stop_check - 0, or -1 after FAIL_STOPPED when a stop was requested. */
int stop_check(void);
#endif
