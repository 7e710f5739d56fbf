/* base.h - errors, assertions, arenas, messages, time and interruption. Layer 0: libc only. */
#ifndef BASE_H
#define BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))

/* A bug in this program: print where and why, then abort. Never compiled out. */
#define CHECK(cond, ...) ((cond) ? (void)0 : bug(__FILE__, __LINE__, #cond, __VA_ARGS__))
_Noreturn void bug(const char *file, int line, const char *cond, const char *fmt, ...) PRINTF(4, 5);

/* A fault of the world. The code is the exit status of the program when the fault reaches main. */
enum fail_code {
    FAIL_RUN = 1,      /* some run failed or diverged, or a check did not hold */
    FAIL_USAGE = 2,    /* command line or recipe; nothing ran */
    FAIL_INPUT = 3,    /* a file that we were given to read */
    FAIL_STORE = 4,    /* the result database or its disk */
    FAIL_MEMORY = 5,   /* not enough memory, or a plan that would need too much */
    FAIL_TOOL = 6,     /* an outside program or package is missing or failed */
    FAIL_STOPPED = 130 /* interrupted, resumable */
};

/* fail - record one line (what failed first, the subject in quotes, no capital, no full stop);
 * returns -1, so that "return fail(...)" reads well. The last call before main wins. */
int fail(enum fail_code code, const char *fmt, ...) PRINTF(2, 3);
/* fail_context - put "TEXT: " before the recorded line, keep its code; returns -1. */
int fail_context(const char *fmt, ...) PRINTF(1, 2);
const char *fail_text(void);
enum fail_code fail_code(void);

/* Memory that cannot be had is FAIL_MEMORY through x*alloc's caller only where a size comes from
 * outside; small fixed allocations abort with one clear line. All return zeroed or copied memory.
 */
void *xalloc(size_t n, size_t size);
void *xgrow(void *p, size_t n, size_t size); /* realloc; new bytes are not cleared */
char *xstrdup(const char *s);
char *xprintf(const char *fmt, ...) PRINTF(1, 2); /* caller frees */

/* An arena owns memory; everything handed out lives until the arena rewinds. Reserved once, with
 * huge pages advised, so that a training step allocates nothing. */
struct arena {
    unsigned char *base;
    size_t used, size, peak;
};
int arena_init(struct arena *a, size_t size);            /* Errors: FAIL_MEMORY */
void *arena_get(struct arena *a, size_t n, size_t size); /* 64-byte aligned, NOT cleared; CHECKs */
void arena_rewind(struct arena *a, size_t mark);         /* mark is an earlier a->used */
void arena_free(struct arena *a);                        /* of a zeroed arena: nothing */

/* Messages go to stderr; stdout carries results only. */
extern int verbosity;                           /* -1 quiet, 0 normal, 1 -v */
void note(const char *fmt, ...) PRINTF(1, 2);   /* unless quiet */
void detail(const char *fmt, ...) PRINTF(1, 2); /* at -v */
void warn(const char *fmt, ...) PRINTF(1, 2);   /* "warning: ..." unless quiet */

/* output_end - flush TO. 0 when all of it went out, or when its reader has gone ("| head -1"), which
 * has what it wanted; -1 after fail(FAIL_STORE). Loops that print stop at ferror(). */
int output_end(FILE *to);

/* progress - one status line on stderr: redrawn in place at most 6 times a second on a terminal,
 * a plain line every 30 s otherwise, nothing when quiet. progress_end wipes or finishes it.
 * note() and warn() keep the line intact. */
void progress(const char *fmt, ...) PRINTF(1, 2);
void progress_end(void);

double now_mono(void); /* seconds, CLOCK_MONOTONIC: durations */
double now_wall(void); /* seconds since 1970: stamps only */

/* duration_text - "42 s", "3 min 20 s", "2 h 05 min" into buf; returns buf. */
const char *duration_text(char buf[32], double seconds);

/* Interruption. stop_install: SIGINT, SIGTERM, SIGHUP and SIGUSR1 set the flag (SIGINT twice ends
 * the process at once with 130), SIGPIPE and SIGXFSZ are ignored. stop_requested() is polled
 * between steps. */
void stop_install(void);
int stop_requested(void); /* 0, or the signal that asked */
int stop_check(void);     /* 0, or -1 after FAIL_STOPPED when one asked */

/* peak_rss_bytes - VmHWM of this process. */
size_t peak_rss_bytes(void);
#endif
