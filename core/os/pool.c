/* pool.c - worker threads that share numbered pieces of work. */
#include "core/os/pool.h"
#include "core/base/base.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct worker {
    struct pool *pool;
    pthread_t id;
    int thread; /* from 1; 0 is the caller */
};

struct pool {
    int n_threads, n_started;
    struct worker *workers; /* [n_threads - 1] */
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    unsigned long round; /* number of calls of pool_run so far */
    int active;          /* workers that have not yet finished this round */
    bool quit, busy;
    atomic_int next; /* the next piece to take */
    int n;
    void (*fn)(void *arg, int piece, int thread);
    void *arg;
};

static void take_pieces(struct pool *p, int thread)
{
    int piece;

    while ((piece = atomic_fetch_add(&p->next, 1)) < p->n)
        p->fn(p->arg, piece, thread);
}

/* Every worker reports the end of every round, even if no piece was left for it. So no worker can
 * still be taking pieces of one round when the next begins. */
static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;
    unsigned long seen = 0;

    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (p->round == seen && !p->quit)
            pthread_cond_wait(&p->wake, &p->lock);
        if (p->quit)
            break;
        seen = p->round;
        pthread_mutex_unlock(&p->lock);
        take_pieces(p, w->thread);
        pthread_mutex_lock(&p->lock);
        if (--p->active == 0)
            pthread_cond_signal(&p->done);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

struct pool *pool_new(int n_threads)
{
    CHECK(n_threads >= 1, "a pool of %d threads", n_threads);
    struct pool *p = xalloc(1, sizeof *p);
    sigset_t all, old;
    int err = 0;

    p->n_threads = n_threads;
    p->workers = xalloc((size_t)n_threads, sizeof *p->workers);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    pthread_cond_init(&p->done, NULL);
    /* Workers block signals, so that the main thread gets them, except those that a worker's own
     * fault raises. */
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    for (int i = 0; i < n_threads - 1 && !err; i++) {
        struct worker *w = &p->workers[i];
        *w = (struct worker){ .pool = p, .thread = i + 1 };
        err = pthread_create(&w->id, NULL, worker_main, w);
        p->n_started += !err;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (err) {
        pool_free(p);
        fail(FAIL_MEMORY, "cannot start %d threads: %s", n_threads - 1, strerror(err));
        return NULL;
    }
    return p;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    CHECK(!p->busy, "pool freed while it is working on %d pieces", p->n);
    pthread_mutex_lock(&p->lock);
    p->quit = true;
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->n_started; i++)
        pthread_join(p->workers[i].id, NULL);
    pthread_cond_destroy(&p->done);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p->workers);
    free(p);
}

int pool_threads(const struct pool *p)
{
    return p->n_threads;
}

void pool_run(struct pool *p, int n, void (*fn)(void *arg, int piece, int thread), void *arg)
{
    if (n <= 0)
        return;
    pthread_mutex_lock(&p->lock);
    CHECK(!p->busy, "pool_run of %d pieces inside another of %d", n, p->n);
    p->busy = true;
    p->fn = fn;
    p->arg = arg;
    p->n = n;
    atomic_store(&p->next, 0);
    bool shared = n > 1 && p->n_started > 0;
    if (shared) {
        p->active = p->n_started;
        p->round++;
        pthread_cond_broadcast(&p->wake);
    }
    pthread_mutex_unlock(&p->lock);
    take_pieces(p, 0);
    pthread_mutex_lock(&p->lock);
    while (shared && p->active > 0)
        pthread_cond_wait(&p->done, &p->lock);
    p->busy = false;
    pthread_mutex_unlock(&p->lock);
}
