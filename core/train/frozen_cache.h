/* frozen_cache.h - the frozen-prefix cache: the output of the frozen lower layers, computed once
 * per example. Layer 3. */
#ifndef FROZEN_CACHE_H
#define FROZEN_CACHE_H

#include "core/data/microbatch.h"
#include "core/train/job.h"

/* The rows of an example (workspace.frozen) are written in its first pass and read in all later
 * ones. Results are the same bits with and without the cache, so its size affects only time. */
struct frozen_cache_split {
    real *data, **row; /* row[i] points to example i in data; both NULL: this split is not cached */
    bool *known;       /* [examples] row[i] was computed */
};
struct frozen_cache {
    struct frozen_cache_split split[N_SPLITS];
};

/* frozen_cache_init - allocate the cache for the splits that fit in BUDGET bytes, each whole or not
 * at all. Nothing is cached if no layer is frozen, if dropout acts in the frozen layers (a message
 * at -v says so), or if rows depend on their neighbors in this build (model_frozen_is_fixed). */
void frozen_cache_init(struct frozen_cache *c, const struct model *m, const struct run_data *d,
                       size_t budget);
void frozen_cache_free(struct frozen_cache *c);

/* frozen_cache_fwd - model_fwd of a micro-batch of the split that S belongs to, using the cache. S
 * may be NULL. Errors: FAIL_MEMORY. */
int frozen_cache_fwd(const struct frozen_cache_split *s, const struct model *m,
                     struct workspace *ws, const struct microbatch *mb);

/* frozen_cache_bytes - size of the cache of one split. train_frozen_cache_bytes - the size for all
 * splits of a run; 0 if nothing is frozen or dropout acts in the frozen layers. */
size_t frozen_cache_bytes(const struct model *m, const struct dataset *d);
size_t train_frozen_cache_bytes(const struct model *m, const struct run_data *d);
#endif
