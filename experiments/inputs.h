/* inputs.h - what runs read, looked at once per process: facts of a model and a task without
 * loading them, the loaded things, and the geometry (numbers and memory) of a method on a model.
 * All cached until exit. */
#ifndef INPUTS_H
#define INPUTS_H

#include "experiments/recipe.h"

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

/* facts_inputs - role -> sha256, new; the caller owns it. */
json_t *facts_inputs(const struct model_facts *m, const struct task_facts *t);
/* facts_adapter - add the adapter that training begins with, unless INIT_FROM is NULL or "". */
int facts_adapter(json_t *inputs, const char *init_from);
/* facts_check - hash again what changed its size or time since; FAIL_INPUT "... changed since the
 * plan". */
int facts_check(const struct recipe *r);

/* hash_file - sha256 of a file through HOME/cache/sha256.json (path, size, mtime, inode). Errors:
 * FAIL_INPUT. hash_save - write what is new; a cache that cannot be written is no error. */
int hash_file(char out[65], const char *path);
void hash_save(void);

/* data_get - a tokenised split, or NULL after fail. Subsets (train_n; dev_n for dev and test) are
 * drawn with a seed of their own, so that all seeds of a cell see the same examples. *absent: the
 * task has no such split. */
enum { SUBSET_SEED = 7 };
const struct dataset *data_get(const struct recipe *r, enum split s, bool *absent);
/* data_all - all splits of a run into *D. */
int data_all(struct run_data *d, const struct recipe *r);

/* The numbers of a method on a model, from shapes alone. */
struct geometry {
    char id[65];
    size_t n_train, n_train_head, n_total;
    long formula;         /* adapt->count(): without the head */
    unsigned char *packs; /* enum pack_need of each group of each layer */
    size_t tables; /* bytes in memory of frozen matrices outside the blocks: embeddings, pooler */
    int frozen;    /* layers below the lowest that backward needs */
};
/* geometry_get - NULL after FAIL_USAGE: rank, targets. */
const struct geometry *geometry_get(const struct recipe *r);
/* geometry_model - the model itself without numbers (model_outline); free with model_free. */
int geometry_model(struct model *m, const struct recipe *r);
#endif
