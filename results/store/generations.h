/* generations.h - texts that a run generates after training. */
#ifndef GENERATIONS_H
#define GENERATIONS_H

#include "results/store/lease.h"

/* The columns of the tables generation and generated. */
struct generation {
    const char *split;
    long step;
    const char *parameters, *settings;
};
struct generated {
    long input;
    char *rows, *prompt, *text; /* owned by whoever fills the struct */
    int tokens;
    double score;
    bool finished;
};

/* generations_begin - texts of G->split that were generated in the same way stay, others are
 * removed. generations_add - store N texts in one transaction. Return 1, or 0 when the lease was
 * lost and nothing was written. */
int generations_begin(struct store *s, const struct lease *l, const struct generation *g);
int generations_add(struct store *s, const struct lease *l, const char *split,
                    const struct generated *x, int n);
#endif
