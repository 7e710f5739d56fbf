/* gen_search.h - private to core/generate: the search for the continuation of one input.
 *
 * A search knows no model: it takes logits and says which tokens to read next. */
#ifndef GEN_SEARCH_H
#define GEN_SEARCH_H

#include "core/math/mat.h"
#include "core/generate/generate.h"

/* A continuation: its tokens, the rows of the cache that have the keys and values of prompt and
 * tokens, and the sum of the log-probabilities of the tokens. */
struct hyp {
    int *ids, *row;
    int n, n_rows;
    double sum;
};

struct gen_search {
    const struct gen_settings *set;
    const struct gen_input *in;
    const int *end;
    int n_end, vocab;
    int limit;            /* most new tokens */
    struct hyp *live;     /* [n_live] those to go on with; the last token of each is to be read */
    struct hyp *next;     /* memory for the live ones of the next step */
    struct hyp *finished; /* [n_finished], the best first */
    double *score;        /* [n_finished] */
    int n_live, n_finished;
    struct candidate *pool; /* [n_pool] beam search: continuations by one token */
    int n_pool;
    real *sorted; /* [vocab] sampling: probabilities in order */
    bool over;
};

/* gen_search_init - the search for the continuation of IN by at most LIMIT tokens; N_ROWS: rows of
 * the cache that its prompt takes. Everything that is pointed to outlives the search. One live
 * continuation without tokens stands for the prompt. gen_search_free - of a zeroed struct:
 * nothing. */
void gen_search_init(struct gen_search *q, const struct gen_job *job, const struct gen_input *in,
                     int limit, int n_rows);
void gen_search_free(struct gen_search *q);

/* gen_search_step - the logits Z [n_live, vocab] of the tokens after the live continuations, which
 * may be changed, are known: go on with the best ones, or be over. Errors: FAIL_RUN if logits are
 * not numbers. */
int gen_search_step(struct gen_search *q, struct mat z);

/* gen_search_result - the best continuation; OUT owns its ids. */
void gen_search_result(const struct gen_search *q, struct gen_output *out);

/* For gen_beam.c and gen_walk.c. log_norm - log sum_v e^z_v; NaN: not numbers; not_numbers - fail
 * because of that. ban - set the logits of tokens that may not follow H to -infinity. is_end - an
 * end token? put - TO becomes FROM with one more token, ID. finish - add such a continuation, with
 * its score, to the finished ones, of which the MOST best stay. */
double gen_search_log_norm(const real *z, int n);
int gen_search_not_numbers(const struct gen_search *q, const struct hyp *h);
void gen_search_ban(const struct gen_search *q, const struct hyp *h, real *z);
bool gen_search_is_end(const struct gen_search *q, int id);
void gen_search_put(struct hyp *to, const struct hyp *from, int id, double sum);
void gen_search_finish(struct gen_search *q, const struct hyp *from, int id, double sum, int most);

/* The two kinds of search. */
int gen_beam(struct gen_search *q, struct mat z);
int gen_walk(struct gen_search *q, struct mat z);
#endif
