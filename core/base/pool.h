/* pool.h - a few threads that share out numbered pieces of work. Layer 0.
 *
 * The caller's thread works too, so a pool of 1 starts no thread. Which thread does which piece is
 * not fixed: pieces must write to places of their own, and sums over pieces are taken in order
 * afterwards. */
#ifndef POOL_H
#define POOL_H

struct pool;
struct pool *pool_new(int n_threads); /* NULL: FAIL_MEMORY */
void pool_free(struct pool *p);
int pool_threads(const struct pool *p);

/* pool_run - call fn(arg, piece, thread) for piece 0..n-1, thread 0..threads-1; returns when all
 * are done. */
void pool_run(struct pool *p, int n, void (*fn)(void *arg, int piece, int thread), void *arg);
#endif
