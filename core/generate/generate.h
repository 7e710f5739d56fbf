/* generate.h - continuing prompts with a decoder. Layer 3.
 *
 * The prompt of an input is computed once, whatever the number of beams. Inputs are computed
 * together, and a new one takes the place of one that is done; results depend neither on which
 * these are nor on the number of threads. */
#ifndef GENERATE_H
#define GENERATE_H

#include "core/generate/gen_settings.h"
#include "core/nn/model.h"

struct pool; /* core/os/pool.h */

/* A prompt of N > 0 tokens. NUMBER: which random numbers it gets. */
struct gen_input {
    const int *ids;
    int n;
    uint32_t number;
};

/* The best continuation of an input. ids belongs to this struct and includes the end token. */
struct gen_output {
    int *ids;
    int n;
    double score;  /* sum of the log-probabilities of the tokens over lp(n) */
    bool finished; /* false: cut at max_new or at the last position of the model */
};

struct gen_job {
    const struct model *model;
    const struct gen_settings *settings; /* that gen_settings_check accepts */
    const int *end;                      /* [n_end] end tokens */
    int n_end;
    const struct gen_input *in; /* [n] */
    int n;
    struct pool *pool; /* the threads; NULL: the calling one */
    /* Unless it is NULL, called after input I is done, by one thread at a time. Returns -1, after
     * fail, to end the work. */
    int (*done)(void *self, int i, const struct gen_output *out);
    void *self;
};

/* generate_room - how many tokens can follow a prompt of N tokens; below 1: it is too long. */
int generate_room(const struct model *m, int n);

/* generate_check - can M continue the N ids? Errors: FAIL_INPUT: the prompt is empty, too long, or
 * has ids that are not in the vocabulary. */
int generate_check(const struct model *m, const int *ids, int n);

/* generate_bytes - the most memory that generate takes beside the model, with THREADS threads and N
 * inputs of at most LONGEST tokens: keys and values, if no two beams have a token in common and
 * every text has max_new tokens, logits, and workspaces. M may be an outline. generate_together -
 * how many inputs one thread computes together at most; one where no kernels of this build and CPU
 * give a row the same bits whatever the other rows are. */
size_t generate_bytes(const struct model *m, const struct gen_settings *s, int n, int longest,
                      int threads);
int generate_together(const struct gen_settings *s, int n, int threads);

/* generate - OUT [n] becomes the continuations. The caller calls generate_output_free for each,
 * also after an error. Errors: those of generate_check, with the input; FAIL_RUN: logits are not
 * numbers; FAIL_MEMORY; FAIL_STOPPED. */
int generate(struct gen_output *out, const struct gen_job *job);
void generate_output_free(struct gen_output *out);
#endif
