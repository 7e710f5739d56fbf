/* import.h - an adapter that another program trained, as a finished run of the store. */
#ifndef IMPORT_H
#define IMPORT_H

#include "experiments/assets/session.h"

struct import_spec {
    const char *folder; /* in PEFT's format */
    const char *model;  /* the name or folder of the base model */
    const char *task;   /* what it was trained for; NULL: unknown */
    const char *study;  /* of imported adapters only */
    int pooling;        /* an enum pooling_choice: what its classifier reads */
    long seed;          /* tells adapters apart that were trained alike */
};

/* import_adapter - check that the adapter fits the model, copy its files to HOME/adapters, and
 * record it as a finished run of the study, with its recipe as far as the folder knows it: method,
 * ranks, alphas, targets. It has no results, and analyses read its update as that of any run. Its
 * key is
 *
 *     SHA-256 of the canonical JSON of {config, inputs: {weights, config, imported}}
 *
 * with the SHA-256 of the model's weights and of the folder's two files as inputs and, as in
 * recipe.h, without the names of model and task; its cell is the same without seed and folder. The
 * same folder again is the same run. KEY becomes the key. Errors: FAIL_USAGE: the folder is a run
 * of this store, the study has runs that were trained here, the task is unknown; FAIL_INPUT: not
 * such a folder, or it does not fit; FAIL_STORE. */
int import_adapter(char key[65], struct session *s, const struct import_spec *spec);
#endif
