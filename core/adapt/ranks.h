/* ranks.h - the rank and alpha of every matrix, from the settings targets, adapt_layers, rank,
 * alpha, rank_pattern and alpha_pattern.
 *
 * Patterns are lists of SELECTOR:VALUE. A selector is a layer or a range of layers ("3", "8-11"), a
 * target in every layer ("v"), or a target in some layers ("3.q", "8-11.v"); layers count from 0.
 * The last entry that matches a matrix counts. A rank of 0 leaves the matrix as it is. */
#ifndef RANKS_H
#define RANKS_H

#include "core/adapt/lora.h"
#include "core/weights/dims.h"
#include "core/weights/proj.h"

struct rank {
    int r; /* 0: not adapted */
    double alpha;
};

/* ranks_make - those of each target of each layer, [n_layers * N_TARGETS] as target_slot counts;
 * the caller frees them. Errors: NULL after FAIL_USAGE: a word that is not a target, a layer or an
 * entry of a pattern; an entry that matches no adapted matrix; no matrix is left. */
struct rank *ranks_make(const struct lora_cfg *c, const struct dims *d);

/* ranks_of - those of a projection in AT, also as a part of the target qkv. */
struct rank ranks_of(const struct rank *at, int layer, enum proj p);

/* ranks_settings - the reverse: set targets, layers, rank_pattern and alpha_pattern of C so that
 * ranks_make(C) is AT, with the rank and alpha that C has. At least one matrix is adapted. Strings
 * that C had are not freed. */
void ranks_settings(struct lora_cfg *c, const struct rank *at, const struct dims *d);
#endif
