/* spawn.c - running another program. */
#include "core/os/spawn.h"
#include "core/base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The child gets a process group of its own, so that a timeout also ends what the child has
 * started. Its signals have their default meaning. */
static int spawn_start(pid_t *pid, char *const argv[], int out_fd)
{
    posix_spawn_file_actions_t fa;
    posix_spawnattr_t at;
    sigset_t none, normal;

    sigemptyset(&none);
    sigfillset(&normal);
    posix_spawn_file_actions_init(&fa);
    posix_spawn_file_actions_addopen(&fa, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&fa, out_fd, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&fa, out_fd, STDERR_FILENO);
    posix_spawnattr_init(&at);
    posix_spawnattr_setsigdefault(&at, &normal);
    posix_spawnattr_setsigmask(&at, &none);
    posix_spawnattr_setflags(&at, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
                                      POSIX_SPAWN_SETSIGMASK);
    int err = posix_spawnp(pid, argv[0], &fa, &at, argv, environ);
    posix_spawnattr_destroy(&at);
    posix_spawn_file_actions_destroy(&fa);
    return err;
}

/* Read what is in the pipe and keep as much as fits, so that a program that writes a lot is never
 * blocked. One call reads no more than a pipe can hold, so that the caller gets to check the time
 * even if the program writes without end. */
static void spawn_drain(int fd, char *out, size_t out_size, size_t *used)
{
    char buf[4096];
    ssize_t n;

    for (int i = 0; i < 16; i++) {
        while ((n = read(fd, buf, sizeof buf)) < 0 && errno == EINTR)
            ;
        if (n <= 0)
            return;
        size_t room = out_size > *used + 1 ? out_size - *used - 1 : 0;
        size_t take = (size_t)n < room ? (size_t)n : room;
        memcpy(out + *used, buf, take);
        *used += take;
    }
}

/* The program has ended when waitpid says so, not when the pipe is closed: a background process
 * that it left behind may keep the pipe open. */
static int spawn_supervise(pid_t pid, int fd, char *out, size_t out_size, double timeout_s,
                           bool *late)
{
    double t0 = now_mono();
    int st = 0, told = stop_requested();
    size_t used = 0;
    pid_t done;

    for (int wait_ms = 1; (done = waitpid(pid, &st, WNOHANG)) == 0;) {
        struct pollfd pfd = { .fd = fd, .events = POLLIN };
        if (poll(&pfd, 1, wait_ms) > 0 && (pfd.revents & POLLHUP) && !(pfd.revents & POLLIN))
            poll(NULL, 0, wait_ms); /* its output is closed but it is still running */
        if (fd >= 0)
            spawn_drain(fd, out, out_size, &used);
        wait_ms = wait_ms < 50 ? 2 * wait_ms : 50;
        if (stop_requested() != told) {
            told = stop_requested();
            kill(-pid, told);
        }
        if (timeout_s > 0 && now_mono() - t0 > timeout_s && !*late) {
            *late = true;
            kill(-pid, SIGKILL);
        }
    }
    if (fd >= 0)
        spawn_drain(fd, out, out_size, &used);
    if (out && out_size > 0)
        out[used] = 0;
    if (done < 0)
        return -1;
    return WIFSIGNALED(st) ? 128 + WTERMSIG(st) : WEXITSTATUS(st);
}

int spawn_wait(char *const argv[], char *out, size_t out_size, double timeout_s)
{
    int fd[2] = { -1, -1 };
    bool late = false;
    pid_t pid = 0;

    if (out && out_size > 0)
        *out = 0;
    if (out && (pipe2(fd, O_CLOEXEC) != 0 || fcntl(fd[0], F_SETFL, O_NONBLOCK) != 0))
        return fail(FAIL_TOOL, "cannot start '%s': %s", argv[0], strerror(errno));
    int err = spawn_start(&pid, argv, out ? fd[1] : STDERR_FILENO);
    if (fd[1] >= 0)
        close(fd[1]);
    int rc = err ? -1 : spawn_supervise(pid, fd[0], out, out_size, timeout_s, &late);
    if (fd[0] >= 0)
        close(fd[0]);
    if (err == ENOENT ||
        err == EACCES) /* EACCES: PATH may contain a folder that cannot be searched */
        return fail(FAIL_TOOL, "program '%s' is not installed%s", argv[0],
                    err == EACCES ? " or may not be executed" : "");
    if (err)
        return fail(FAIL_TOOL, "cannot start '%s': %s", argv[0], strerror(err));
    if (late)
        return fail(FAIL_TOOL, "'%s' did not finish within %g s", argv[0], timeout_s);
    if (rc < 0)
        return fail(FAIL_TOOL, "cannot wait for '%s'", argv[0]);
    return rc;
}
