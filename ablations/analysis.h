/* ablation.h - a study that computes something from finished runs. "const struct analysis
 * ablation_NAME" in a file of this folder; 'lowrank ablate NAME' runs it. A study that only varies
 * recipe keys is a YAML file here instead. */
#ifndef ABLATION_H
#define ABLATION_H

#include "core/base/opt.h"
#include "results/store/store.h"

struct analysis {
    const char *name, *source, *about;
    const struct opt *opts; /* over its cfg struct; ends with OPT_END */
    size_t cfg_size;
    bool alone; /* needs no runs: the database is made when it is absent */
    int (*run)(struct store *s,
               const void *cfg); /* writes its rows to the store; -1 after fail() */
};
extern const struct analysis *const analysis_table[]; /* generated, NULL-terminated */
#endif
