/* facts.h - facts of a model and a task without loading them, looked up once per process. Cached until
 * exit. */
#ifndef FACTS_H
#define FACTS_H

#include "core/nn/model.h"
#include "experiments/assets/hashes.h"
#include "experiments/assets/paths.h"

/* A model folder without its weights in memory. */
struct model_facts {
    char *asked; /* as the recipe said */
    char *name;  /* a known name as it is, or the folder's full path */
    char *dir;
    struct dims dims;
    bool has_pooler, is_mapped; /* matrices are used as model.safetensors has them */
    size_t copied_bytes;        /* of numbers that are not */
    char weights[65], config[65], tokenizer[65];
};
const struct model_facts *model_facts(const char *model); /* NULL after fail */
/* model_check - the files in DIR, when that is where model NAME was fetched to, are those of its
 * card. Errors: FAIL_INPUT with both hashes. */
int model_check(const char *name, const char *dir);

struct task_facts {
    char *asked, *name; /* as above: a known name or a full path */
    char *dir;
    struct task task;
    char spec[65]; /* sha256 of what the task file means: kind, columns, labels, metrics */
    char *path[N_SPLITS];
    char file[N_SPLITS][65]; /* sha256; "" without such a split */
};
/* task_facts - makes the files of a prepared task; NULL after fail. */
const struct task_facts *task_facts(const char *task);
#endif
