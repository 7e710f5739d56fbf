/* prof.c - time by kind of work: each thread has a stack and counters; the totals are in shared
 * memory. */
#include "core/os/prof.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { MAX_DEPTH = 16 };

const char *const work_names[N_WORK + 1] = { "frozen",  "trained", "adapter", "attention",
                                             "norm",    "act",     "loss",    "optim",
                                             "dropout", "other",   NULL };

bool prof_on;

struct totals {
    atomic_llong ns[N_WORK];
};
static struct totals *totals; /* shared by this process and those that it forks */

/* The innermost scope is stack[depth-1]; its time since LAST has not been added to NS yet. */
static _Thread_local struct {
    int depth;
    enum work stack[MAX_DEPTH];
    long long last, ns[N_WORK];
} mine;

static long long now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* A child process counts only what it does itself, not what its parent has counted before. */
static void prof_in_child(void)
{
    memset(mine.ns, 0, sizeof mine.ns);
    mine.last = now_ns();
}

int prof_start(void)
{
    if (!totals) {
        void *p =
            mmap(NULL, sizeof *totals, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED)
            return fail(FAIL_MEMORY, "cannot map %zu bytes: %s", sizeof *totals, strerror(errno));
        totals = p;
        pthread_atfork(NULL, NULL, prof_in_child);
    }
    CHECK(mine.depth == 0, "profiling started inside %d scopes", mine.depth);
    for (int i = 0; i < N_WORK; i++)
        atomic_store(&totals->ns[i], 0);
    prof_on = true;
    return 0;
}

void prof_stop(void)
{
    CHECK(mine.depth == 0, "profiling stopped inside %d scopes", mine.depth);
    prof_on = false;
}

void prof_read(double seconds[N_WORK])
{
    for (int i = 0; i < N_WORK; i++)
        seconds[i] = totals ? 1e-9 * (double)atomic_load(&totals->ns[i]) : 0;
}

/* Add the time since LAST to the innermost scope. */
static void prof_settle(void)
{
    long long now = now_ns();

    if (mine.depth > 0)
        mine.ns[mine.stack[mine.depth - 1]] += now - mine.last;
    mine.last = now;
}

void prof_push(enum work kind)
{
    CHECK(mine.depth < MAX_DEPTH, "%d nested scopes", mine.depth);
    prof_settle();
    mine.stack[mine.depth++] = kind;
}

void prof_pop(void)
{
    CHECK(mine.depth > 0, "no scope to end");
    prof_settle();
    if (--mine.depth > 0)
        return;
    for (int i = 0; i < N_WORK; i++) {
        if (mine.ns[i])
            atomic_fetch_add_explicit(&totals->ns[i], mine.ns[i], memory_order_relaxed);
        mine.ns[i] = 0;
    }
}
