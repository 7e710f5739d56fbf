/* params.h - the result of "lowrank params". */
#ifndef PARAMS_H
#define PARAMS_H

#include "experiments/estimate/count.h"
#include "results/rows/rows.h"

struct params_cfg {
    long d_model, d_ffn, layers, vocab, positions, tokens;
    char *home, *model, *budget;
    bool memory, paper;
    int format;
};
/* What was asked, resolved. */
struct params {
    struct params_cfg *cfg;
    const struct settings *v;
    struct recipe r;
    const char *model; /* its name; NULL: given by its shape */
    const char *lacks; /* what the shape does not say, or NULL */
    struct dims d;
    bool pooler;
};
/* params_print - solve the budget if there is one, count, print. Errors: FAIL_USAGE; FAIL_RUN: formula
 * and tensors disagree, said after all was printed. */
int params_print(struct params *p);
#endif
