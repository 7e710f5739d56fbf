/* pretrain_run.h - a pretraining run in the store: its key, its lease, its points. Private to this
 * folder. */
#ifndef PRETRAIN_RUN_H
#define PRETRAIN_RUN_H

#include "core/train/train.h"
#include "experiments/pretrain/packed_text.h"
#include "experiments/pretrain/pretrain.h"

#include <jansson.h>

struct pretrain_run {
    const struct pretrain_cfg *cfg;
    struct corpus corpus;
    struct packed_text packed;
    struct base_model base;
    struct model model;
    struct train_cfg train;
    struct task task;
    struct pool *pool;
    struct store *store;
    json_t *config;         /* what counts, as the store has it */
    char key[65], cell[65]; /* the cell is the same without the seed */
};

/* pretrain_run_key - config, key and cell, from the settings and the text. pretrain_run_settings -
 * the settings of the training. pretrain_run_data, pretrain_run_steps - what it trains on, and for
 * how many steps. pretrain_run_plan - put the run into the store. pretrain_run_train - train it and
 * write the weights into DIR; returns 0, the exit status after an interruption, or -1 after fail.
 * pretrain_run_free - of a zeroed run: nothing. */
void pretrain_run_key(struct pretrain_run *r);
void pretrain_run_settings(struct pretrain_run *r);
struct run_data pretrain_run_data(const struct pretrain_run *r);
long pretrain_run_steps(const struct pretrain_run *r);
int pretrain_run_plan(struct pretrain_run *r);
int pretrain_run_train(struct pretrain_run *r, const char *dir);
void pretrain_run_free(struct pretrain_run *r);
#endif
