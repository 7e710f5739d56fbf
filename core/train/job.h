/* job.h - what a training run or an evaluation is given. Layer 3. */
#ifndef JOB_H
#define JOB_H

#include "core/os/pool.h"
#include "core/data/dataset.h"
#include "core/nn/model.h"
#include "core/train/optim.h"
#include "core/train/sink.h"

struct run_data {
    const struct task *task;
    const struct dataset *split[N_SPLITS]; /* NULL: not needed, or the task has none */
};
/* run_selects - the split by which a run chooses its best evaluation. */
static inline enum split run_selects(const struct run_data *d)
{
    return d->split[SPLIT_SELECT] ? SPLIT_SELECT : SPLIT_DEV;
}

struct run_job {
    struct model *model;
    const struct train_cfg *cfg;
    struct run_data data;
    uint64_t seed, order_seed; /* of dropout; of the order of the examples */
    struct pool *pool;         /* the results do not depend on its number of threads */
    struct sink sink;
    const char *ckpt_path; /* NULL: no training checkpoint; if the file exists, the run resumes */
    const char *run_key;   /* stored in the training checkpoint; that of another run is refused */
    double ckpt_every_s;   /* seconds between training checkpoints; 0: 60 */
    size_t cache_bytes;    /* RAM for the frozen-prefix cache; 0: none. It changes no result. */
    real *best_theta; /* [n_train] or NULL: out, the trainable parameters of the best evaluation */
};
#endif
