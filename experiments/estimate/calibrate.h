/* calibrate.h - how long the runs of a study will take, from a few timed micro-batches. */
#ifndef CALIBRATE_H
#define CALIBRATE_H

#include "experiments/study/study.h"

/* calibrate_study - fill cost_s, texts_s, and eval_s of the runs with PENDING[i] (NULL: of all
 * runs). For each model, method, and input length it times forward and training passes on this
 * machine, 8 seconds in all or a little more, and a few tokens of texts for runs that generate
 * texts. Loads and packs the models of these runs and tokenizes their data. Errors: those of
 * loading them and of generate; FAIL_USAGE from the method; FAIL_MEMORY; FAIL_STOPPED. */
int calibrate_study(struct study *s, const bool *pending);
#endif
