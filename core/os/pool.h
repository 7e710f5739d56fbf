/* pool.h - worker threads that share numbered pieces of work.
 *
 * The calling thread works too, so a pool of 1 starts no thread. Which thread takes which piece is
 * not determined. For results that do not depend on it, pieces write to separate places, and the
 * caller sums over them in order afterwards. */
#ifndef POOL_H
#define POOL_H

struct pool;

/* pool_new - a pool of N_THREADS threads, the calling one included. Errors: NULL after FAIL_MEMORY.
 * pool_free - end the threads; does nothing for NULL. pool_threads - how many there are. */
struct pool *pool_new(int n_threads);
void pool_free(struct pool *p);
int pool_threads(const struct pool *p);

/* pool_run - call FN(ARG, piece, thread) for every piece from 0 to N-1, where thread is the number
 * of the thread that does it, from 0 (the calling one) to threads-1; return when all are done. */
void pool_run(struct pool *p, int n, void (*fn)(void *arg, int piece, int thread), void *arg);
#endif
