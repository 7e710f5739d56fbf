/* no_threads.c - no thread can be started. */
#include <errno.h>
#include <pthread.h>

int pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *x)
{
    (void)t;
    (void)a;
    (void)f;
    (void)x;
    return EAGAIN;
}
