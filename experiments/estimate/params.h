/* params.h - what 'lowrank params' prints. */
#ifndef PARAMS_H
#define PARAMS_H

#include "experiments/recipe/recipe.h"

struct params_cfg {
    long d_model, d_ffn, layers, vocab, positions, tokens;
    char *home, *model, *budget;
    bool memory, paper;
    int format;
};
/* What was asked for, resolved. */
struct params {
    struct params_cfg *cfg;
    const struct settings *v;
    struct recipe r;
    const char *model; /* its name; NULL: given by its shape */
    struct dims d;
    bool pooler;
};
/* params_print - choose the rank that the budget allows, if there is a budget; count; print.
 * Errors: FAIL_USAGE; FAIL_RUN after everything was printed: formula and tensors disagree. */
int params_print(struct params *p);
#endif
