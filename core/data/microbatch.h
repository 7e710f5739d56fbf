/* microbatch.h - micro-batches: the examples of a batch, cut into parts for threads. Layer 3.
 *
 * How a batch is cut depends on its examples and the model alone, never on the number of threads,
 * so that the results do not depend on it either. */
#ifndef MICROBATCH_H
#define MICROBATCH_H

#include "core/data/dataset.h"
#include "core/nn/model.h"

/* Buffers are reused and only grow. */
struct microbatch {
    struct batch b; /* points into the arrays below */
    int *mem;       /* ids, pos, types, off, slot, label, example */
    real *target;
    int *next;
    int *example;         /* [n_seq] index in the dataset */
    int cap_tok, cap_seq; /* capacity of mem, target and next, in tokens and in examples */
    uint64_t *sort;       /* scratch memory of microbatch_split, in out[0] only */
    int cap_sort;
};

/* microbatch_pair_cost - the cost in attention of a pair of tokens of one sequence, in units of the
 * cost of one token in the linear layers: 2 * 12 d / (4 P), where a training step takes 12 d
 * operations per pair and 4 P per token, and P is the number of weights of a block's linear layers;
 * the factor 2 is there because attention runs at about half their rate. From the shapes alone: a
 * measurement would make results depend on the machine. */
double microbatch_pair_cost(const struct dims *d);

/* microbatch_split - cut examples IDX[0..n) into micro-batches of about TOKENS_PER_PART tokens.
 * Returns their number: tokens / TOKENS_PER_PART rounded to an even number, so that two threads
 * finish together (1 below TOKENS_PER_PART tokens), but at most MAX_PARTS and at most n. An example
 * of L tokens costs L + PAIR_COST L^2. The most expensive example is assigned first, each to the
 * micro-batch with the least cost so far; within a micro-batch the order is that of IDX, and the
 * most expensive micro-batch comes first. The slot of IDX[i], its place in the whole step, which
 * dropout depends on, is FIRST_SLOT + i. OUT has MAX_PARTS elements and was zeroed before its first
 * use. */
int microbatch_split(struct microbatch *out, int max_parts, int tokens_per_part, double pair_cost,
                     const struct dataset *d, const int *idx, int n, int first_slot);

/* microbatch_fill - all examples IDX[0..n) as one micro-batch, with slots as above. */
void microbatch_fill(struct microbatch *out, const struct dataset *d, const int *idx, int n,
                     int first_slot);
void microbatch_free(struct microbatch *m); /* of a zeroed one: nothing */
#endif
