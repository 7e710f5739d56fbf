/* gen_batch.h - private to core/generate: one thread's inputs, which it computes together. */
#ifndef GEN_BATCH_H
#define GEN_BATCH_H

#include "core/generate/gen_search.h"

#include <pthread.h>

/* Prompts of about so many tokens are computed in one pass. */
enum { GEN_PROMPT_TOKENS = 1024 };

/* What the threads share. */
struct shared {
    const struct gen_job *job;
    struct gen_output *out;
    int most;             /* inputs that a thread computes together */
    pthread_mutex_t lock; /* of the fields below and of job->done */
    int next;             /* the next input that nobody has taken */
    bool failed;
};

/* gen_batch_run - take inputs and compute them until none is left or a thread has failed. Errors:
 * those of generate; sets SHARED->failed. */
void gen_batch_run(struct shared *shared);
#endif
