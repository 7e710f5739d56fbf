/* gen_settings.h - how text is generated. Layer 3. */
#ifndef GEN_SETTINGS_H
#define GEN_SETTINGS_H

#include "core/opt/opt.h"

enum gen_penalty { PENALTY_LENGTH, PENALTY_GNMT };
enum gen_early { EARLY_FALSE, EARLY_TRUE, EARLY_NEVER };
enum { GEN_MOST_ENDS = 16, GEN_ANY_VOCAB = 1 << 30 };

struct gen_settings {
    long beams;
    double length_penalty; /* alpha */
    int penalty;           /* enum gen_penalty: lp(n) = n^alpha, as transformers divides scores, or
                              ((5 + n) / 6)^alpha (Wu et al. 2016, eq. 14) */
    int early_stopping;    /* enum gen_early, the rule of transformers (gen_beam.c) */
    long no_repeat_ngram;  /* no sequence of so many tokens twice, the prompt included; 0: any */
    long min_new, max_new; /* tokens after the prompt, the end token included */
    bool sample;
    double temperature, top_p;
    long top_k; /* 0: all */
    long seed, batch;
};

/* gen_settings_opts - the options for these fields: flags of a command and keys of a recipe.
 * gen_settings_check - do the settings fit each other and a vocabulary, of which GEN_ANY_VOCAB
 * stands for one that is not known? Errors: FAIL_USAGE. */
extern const struct opt gen_settings_opts[];
int gen_settings_check(const struct gen_settings *s, int vocab);

/* gen_settings_lp - lp of N tokens. */
double gen_settings_lp(const struct gen_settings *s, long n);
#endif
