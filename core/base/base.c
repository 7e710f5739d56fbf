/* base.c - errors, assertions, arenas, messages, time and interruption. */
#include "core/base/base.h"

#include <errno.h>
#include <poll.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 2048, ALIGN = 64, HUGE = 2 << 20, REDRAWS_PER_S = 6, PLAIN_EVERY_S = 30 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all the static state below */
static char fault[LINE];
static enum fail_code fault_code = FAIL_RUN;

int verbosity;
static char status[512]; /* the progress line; empty: none */
static bool shown;       /* the terminal shows it now */
static double last_draw, last_plain = -1;

static volatile sig_atomic_t stop_signal, n_sigint;

/* A text cut in the middle of a UTF-8 character or with control bytes would garble the terminal. */
static void one_line(char *s, size_t size)
{
    size_t n = strlen(s);

    if (n == size - 1) {
        while (n > 0 && ((unsigned char)s[n - 1] & 0xC0) == 0x80)
            n--;
        if (n > 0 && (unsigned char)s[n - 1] >= 0xC0)
            n--;
        s[n] = 0;
    }
    for (char *p = s; *p; p++)
        if ((unsigned char)*p < 32 || *p == 127)
            *p = ' ';
    while (n > 0 && s[n - 1] == ' ')
        s[--n] = 0;
}

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

int fail(enum fail_code code, const char *fmt, ...)
{
    char text[LINE]; /* the arguments may point into fault */
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    one_line(text, sizeof text);
    pthread_mutex_lock(&lock);
    memcpy(fault, text, sizeof fault);
    fault_code = code;
    pthread_mutex_unlock(&lock);
    return -1;
}

int fail_context(const char *fmt, ...)
{
    char before[LINE], text[2 * LINE + 2];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(before, sizeof before, fmt, ap);
    va_end(ap);
    pthread_mutex_lock(&lock);
    snprintf(text, sizeof text, "%s: %s", before, fault);
    text[sizeof fault - 1] = 0;
    one_line(text, sizeof fault);
    memcpy(fault, text, sizeof fault);
    pthread_mutex_unlock(&lock);
    return -1;
}

const char *fail_text(void)
{
    return *fault ? fault : "failed without a reason";
}

enum fail_code fail_code(void)
{
    return fault_code;
}

static _Noreturn void out_of_memory(size_t n, size_t size)
{
    fprintf(stderr, "\nlowrank: out of memory (%zu x %zu bytes)\n", n, size);
    fflush(stderr);
    _exit(FAIL_MEMORY);
}

void *xalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);

    if (!p)
        out_of_memory(n, size);
    return p;
}

void *xgrow(void *p, size_t n, size_t size)
{
    void *q = reallocarray(p, n ? n : 1, size ? size : 1);

    if (!q)
        out_of_memory(n, size);
    return q;
}

char *xstrdup(const char *s)
{
    size_t n = strlen(s) + 1;

    return memcpy(xalloc(n, 1), s, n);
}

char *xprintf(const char *fmt, ...)
{
    va_list ap;
    char *s = NULL;

    va_start(ap, fmt);
    int n = vasprintf(&s, fmt, ap);
    va_end(ap);
    if (n < 0)
        out_of_memory(strlen(fmt), 1);
    return s;
}

/* Two megabytes more are mapped than asked for, then trimmed, so that the base is huge-page
 * aligned. */
int arena_init(struct arena *a, size_t size)
{
    *a = (struct arena){ 0 };
    if (size > SIZE_MAX / 2)
        return fail(FAIL_MEMORY, "cannot reserve %zu bytes of memory", size);
    size = size ? (size + HUGE - 1) / HUGE * HUGE : HUGE;
    unsigned char *p =
        mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return fail(FAIL_MEMORY, "cannot reserve %.1f MiB of memory: %s", (double)size / (1 << 20),
                    strerror(errno));
    size_t head = (HUGE - (uintptr_t)p % HUGE) % HUGE;
    if (head)
        munmap(p, head);
    munmap(p + head + size, HUGE - head);
    a->base = p + head;
    a->size = size;
    madvise(a->base, a->size, MADV_HUGEPAGE); /* advice only: a kernel without huge pages is fine */
    return 0;
}

void *arena_get(struct arena *a, size_t n, size_t size)
{
    size_t bytes = 0;

    CHECK(!__builtin_mul_overflow(n, size, &bytes) && bytes <= SIZE_MAX - ALIGN,
          "%zu x %zu bytes overflow", n, size);
    bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    CHECK(bytes <= a->size - a->used, "arena of %zu bytes has %zu left, %zu x %zu asked", a->size,
          a->size - a->used, n, size);
    void *p = a->base + a->used;
    a->used += bytes;
    if (a->used > a->peak)
        a->peak = a->used;
    return p;
}

void arena_rewind(struct arena *a, size_t mark)
{
    CHECK(mark <= a->used && mark % ALIGN == 0, "mark %zu, used %zu", mark, a->used);
    a->used = mark;
}

void arena_free(struct arena *a)
{
    if (a->base)
        munmap(a->base, a->size);
    *a = (struct arena){ 0 };
}

static bool on_terminal(void)
{
    const char *term = getenv("TERM");

    return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

static int columns(void)
{
    struct winsize w = { 0 };

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 ? w.ws_col : 80;
}

/* One column is left free, because a full line moves the cursor to the next one on some terminals.
 * */
static void draw(void)
{
    int bytes = 0, left = columns() - 1;

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

static void wipe(void)
{
    if (shown)
        fputs("\r\033[K", stderr);
    shown = false;
}

static void message(const char *prefix, const char *fmt, va_list ap)
{
    pthread_mutex_lock(&lock);
    bool redraw = shown;
    wipe();
    fputs(prefix, stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    if (redraw)
        draw();
    fflush(stderr);
    pthread_mutex_unlock(&lock);
}

void note(const char *fmt, ...)
{
    va_list ap;

    if (verbosity < 0)
        return;
    va_start(ap, fmt);
    message("", fmt, ap);
    va_end(ap);
}

void detail(const char *fmt, ...)
{
    va_list ap;

    if (verbosity < 1)
        return;
    va_start(ap, fmt);
    message("", fmt, ap);
    va_end(ap);
}

void warn(const char *fmt, ...)
{
    va_list ap;

    if (verbosity < 0)
        return;
    va_start(ap, fmt);
    message("warning: ", fmt, ap);
    va_end(ap);
}

/* A pipe whose other end is closed reports an error without being written to. */
static bool reader_gone(FILE *to)
{
    struct pollfd p = { .fd = fileno(to) };

    return poll(&p, 1, 0) > 0 && (p.revents & POLLERR);
}

int output_end(FILE *to)
{
    if (fflush(to) == 0 && !ferror(to))
        return 0;
    int err = errno;
    return reader_gone(to) ? 0 : fail(FAIL_STORE, "cannot write the result: %s", strerror(err));
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
    one_line(status, sizeof status);
    if (on_terminal()) {
        if (!shown || now - last_draw >= 1.0 / REDRAWS_PER_S)
            draw();
    } else if (last_plain < 0) {
        last_plain = now; /* what takes less than half a minute leaves no line in a log */
    } else if (now - last_plain >= PLAIN_EVERY_S) {
        fprintf(stderr, "%s\n", status);
        last_plain = now;
    }
    pthread_mutex_unlock(&lock);
}

void progress_end(void)
{
    pthread_mutex_lock(&lock);
    wipe();
    fflush(stderr);
    *status = 0;
    pthread_mutex_unlock(&lock);
}

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
    sigaction(SIGXFSZ, &sa, NULL); /* a file at its limit is a write that fails */
}

int stop_requested(void)
{
    return stop_signal;
}

int stop_check(void)
{
    return stop_signal ? fail(FAIL_STOPPED, "stopped") : 0;
}

size_t peak_rss_bytes(void)
{
    struct rusage ru;
    char line[256];
    size_t kib = 0;
    FILE *f = fopen("/proc/self/status", "re");

    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmHWM: %zu kB", &kib) == 1)
            break;
    if (f)
        fclose(f);
    if (kib == 0 && getrusage(RUSAGE_SELF, &ru) == 0)
        kib = (size_t)ru.ru_maxrss;
    return kib * 1024;
}
