/* bench_words.h - the words of a measurement: those of the command line, and those of its table. */
#ifndef BENCH_WORDS_H
#define BENCH_WORDS_H

#include "experiments/recipe/recipe.h"

/* bench_words - the words of the command line as settings. The first word, if it has no '=', is
 * the value of the key FIRST: "model" (a geometry, a model that was fetched, or a folder) or
 * "task". Errors: FAIL_USAGE. */
int bench_words(struct settings *v, const char *first, int n, char **words);

/* bench_words_model - the model that the settings name, otherwise "minilm". */
const char *bench_words_model(const struct settings *v);

/* bench_words_method - "lora rank=8 targets=q,v" into BUF; returns BUF. bench_words_precision -
 * "f32" or "bf16" into BUF, for what the frozen weights multiply; if M is given and no frozen
 * weight of it multiplies anything, the type of its own weights. Returns BUF. */
const char *bench_words_method(char buf[120], const struct recipe *r);
const char *bench_words_precision(char buf[16], const struct recipe *r, const struct model *m);
#endif
