/* pretrain.h - a language model trained from text alone: a run of its own kind in the store. */
#ifndef PRETRAIN_H
#define PRETRAIN_H

#include "experiments/pretrain/start_model.h"
#include "results/store/store.h"

struct pretrain_cfg {
    char *home;
    long vocab, least, layers, width, heads, context, batch, steps, epochs, eval_every, seed, blank,
        threads;
    double megabytes, held_out, lr, warmup, weight_decay, clip, dropout;
    int format;
};
extern const struct opt pretrain_opts[];

/* pretrain - train on the file TEXT and write the model into the folder DIR, which must be new,
 * empty, or that of the same run. The run has the study "pretrain" in the store, with the points
 * of train_run and with "bits_per_byte" of the held-out text. Its key follows from the settings and
 * the text, not from names and threads. An interrupted run continues to the same bits. A run that
 * is done is not repeated. Prints the final numbers. Returns 0, or the exit status after an
 * interruption, or -1 after fail. */
int pretrain(const struct pretrain_cfg *cfg, const char *text, const char *dir);
#endif
