/* stop.c - interruption by a signal, noticed between steps. */
#include "core/base/stop.h"
#include "core/base/fail.h"

#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t stop_signal, n_sigint;

static void on_stop(int sig)
{
    stop_signal = sig;
    if (sig == SIGINT && ++n_sigint > 1)
        _exit(FAIL_STOPPED);
}

void stop_install(void)
{
    static const int sigs[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };
    struct sigaction sa = { .sa_handler = on_stop, .sa_flags = SA_RESTART }, old;

    sigemptyset(&sa.sa_mask);
    for (size_t i = 0; i < ARRAY_LEN(sigs); i++) {
        if (sigs[i] == SIGHUP && sigaction(SIGHUP, NULL, &old) == 0 && old.sa_handler == SIG_IGN)
            continue; /* started under nohup */
        sigaction(sigs[i], &sa, NULL);
    }
    sa.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &sa, NULL);
    sigaction(SIGXFSZ, &sa, NULL); /* writing beyond the size limit fails as any other write does */
}

int stop_requested(void)
{
    return stop_signal;
}

int stop_check(void)
{
    return stop_signal ? fail(FAIL_STOPPED, "stopped") : 0;
}
