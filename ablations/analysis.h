/* analysis.h - an analysis computes something from finished runs, for example how similar the
 * subspaces of two adapters are. Each analysis is one file in this folder, NAME.c, that defines
 * "const struct analysis analysis_NAME"; the Makefile collects all of them into analysis_table, and
 * 'lowrank ablate NAME' computes one. A study, in contrast, is a set of runs, described by a YAML
 * file in this folder. */
#ifndef ANALYSIS_H
#define ANALYSIS_H

#include "experiments/assets/session.h"
#include "results/store/store.h"

struct analysis {
    const char *name;
    const char *source;     /* the publication, section, table and figure the question comes from */
    const char *about;      /* the question, as one line */
    const struct opt *opts; /* describes the fields of its own struct; ends with OPT_END */
    size_t cfg_size;        /* size of that struct */
    bool alone; /* it does not need finished runs; the database is created if it does not exist */
    /* compute and store the numbers; returns -1 after fail() */
    int (*run)(struct session *ses, struct store *s, const void *cfg);
};
extern const struct analysis *const analysis_table[]; /* generated, NULL-terminated */
#endif
