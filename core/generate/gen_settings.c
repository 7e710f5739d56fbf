/* gen_settings.c - the options of generation. */
#include "core/generate/gen_settings.h"

#include <math.h>

#define AT(f) offsetof(struct gen_settings, f)
const struct opt gen_settings_opts[] = {
    { "beams", 0, OPT_INT, AT(beams), "1", 1, 1024, NULL, "width of the beam search; 1: none" },
    { "length_penalty", 0, OPT_REAL, AT(length_penalty), "1", -100, 100, NULL,
      "alpha: scores are divided by lp(length), above 0 favors long texts" },
    { "penalty", 0, OPT_CHOICE, AT(penalty), "length", 0, 0, "length|gnmt",
      "lp(n) is n^alpha, as in transformers, or ((5 + n) / 6)^alpha, as in GNMT" },
    { "early_stopping", 0, OPT_CHOICE, AT(early_stopping), "false", 0, 0, "false|true|never",
      "when a beam search ends, as in transformers: if better beams are unlikely, with "
      "as many finished beams as the width, or only if no beam can be better" },
    { "no_repeat_ngram", 0, OPT_INT, AT(no_repeat_ngram), "0", 0, 65536, NULL,
      "no sequence of so many tokens appears twice; 0: any may" },
    { "min_new", 0, OPT_INT, AT(min_new), "0", 0, 1048576, NULL, "least number of new tokens" },
    { "max_new", 0, OPT_INT, AT(max_new), "64", 1, 1048576, NULL,
      "most new tokens, where a text is cut" },
    { "sample", 0, OPT_BOOL, AT(sample), NULL, 0, 0, NULL, "draw tokens at random" },
    { "temperature", 0, OPT_REAL, AT(temperature), "1", 1e-6, 1e6, NULL,
      "logits are divided by it before a draw" },
    { "top_k", 0, OPT_INT, AT(top_k), "0", 0, 1048576, NULL,
      "draw among the so many most likely tokens; 0: all" },
    { "top_p", 0, OPT_REAL, AT(top_p), "1", 1e-9, 1, NULL,
      "draw among the most likely tokens that together have this probability" },
    { "seed", 0, OPT_INT, AT(seed), "1", 0, 2147483647, NULL, "of the draws" },
    { "batch", 0, OPT_INT, AT(batch), "16", 1, 4096, NULL,
      "inputs that are computed together; results do not depend on it" },
    { .type = OPT_END },
};
#undef AT

int gen_settings_check(const struct gen_settings *s, int vocab)
{
    if (s->beams > vocab)
        return fail_setting("beams",
                            "'beams' is %ld, but the vocabulary has %d tokens; there can be at "
                            "most as many beams",
                            s->beams, vocab);
    if (s->min_new > s->max_new)
        return fail_setting("min_new,max_new",
                            "'min_new' is %ld and 'max_new' is %ld; the first may not be larger",
                            s->min_new, s->max_new);
    if (s->sample && s->beams > 1)
        return fail_setting("sample,beams",
                            "'sample' with %ld beams; drawing at random goes with 'beams' 1",
                            s->beams);
    if (!s->sample && (s->temperature != 1 || s->top_k != 0 || s->top_p != 1))
        return fail_setting("temperature,top_k,top_p",
                            "'temperature', 'top_k', and 'top_p' need 'sample', without which the "
                            "most likely token is taken");
    return 0;
}

double gen_settings_lp(const struct gen_settings *s, long n)
{
    double x = s->penalty == PENALTY_GNMT ? (5.0 + (double)n) / 6 : (double)n;

    return pow(x, s->length_penalty);
}
