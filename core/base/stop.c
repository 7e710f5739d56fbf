/* stop.c - interruption by a signal, noticed between steps. */
#include "core/base/stop.h"
#include "core/base/fail.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

/* timeout(1) sends SIGTERM to its child and then to the whole group, so that the child gets it
 * twice. Two that come within this time are one. */
enum { SAME_SIGTERM_NS = 150 * 1000 * 1000 };

static volatile sig_atomic_t stop_signal, n_asked, n_before_exit = 1;
static volatile long long last_sigterm; /* by CLOCK_MONOTONIC, in ns; 0: none yet */

static bool is_repeated(int sig)
{
    struct timespec t = { 0 };

    if (sig != SIGTERM)
        return false;
    clock_gettime(CLOCK_MONOTONIC, &t);
    long long now = (long long)t.tv_sec * 1000000000 + t.tv_nsec, last = last_sigterm;
    last_sigterm = now;
    return last && now - last < SAME_SIGTERM_NS;
}

static void on_stop(int sig)
{
    stop_signal = sig;
    if ((sig == SIGINT || sig == SIGTERM) && !is_repeated(sig) && ++n_asked > n_before_exit)
        _exit(sig == SIGTERM ? 128 + SIGTERM : FAIL_STOPPED);
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

void stop_handle_second(bool on)
{
    n_before_exit = on ? 2 : 1;
}

bool stop_requested_twice(void)
{
    return n_asked > 1;
}

int stop_check(void)
{
    return stop_signal ? fail(FAIL_STOPPED, "stopped") : 0;
}
