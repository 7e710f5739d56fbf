/* recipe.h - what a run is: a flat list of keys, checked against the option tables, with a hash
 * that identifies the run.
 *
 * A recipe file is YAML. Keys of a run are under "base:" (in a study) or at the top (of a single
 * run). Every key is an entry of an option table: run_opts, train_opts (core/train), or that of the
 * method (struct adapt.opts). A key of another method than the chosen one is ignored, so that
 * "method" can be an axis; a key that no method has is an error with file:line:column and a
 * suggestion. */
#ifndef RECIPE_H
#define RECIPE_H

#include "core/adapt/adapt.h"
#include "core/train/train.h"
#include "experiments/assets/model_facts.h"
#include "experiments/assets/task_facts.h"
#include "experiments/recipe/settings.h"

/* Keys that are not training hyper-parameters. */
struct run_cfg {
    char *model, *task, *method, *init_from;
    long seed;
    long data_seed, order_seed, init_seed; /* -1: seed */
    long shots;      /* training examples before every prompt, for method none */
    long generate_n; /* inputs that texts are generated of after training; 0: none, -1: all */
    int precision;   /* an index into its choices: auto and what this build supports */
};
extern const struct opt run_opts[];

struct recipe {
    /* recipe_parse */
    struct run_cfg run;
    struct train_cfg train; /* once resolved, without "auto" values */
    const struct adapt *method;
    void *method_cfg;
    bool generates; /* recipe_autos: the task has prompts and targets */
    /* recipe_keys */
    json_t *config; /* canonical: every key that counts, resolved */
    json_t *inputs; /* role ("weights", "tokenizer", "task", "train", ...) to SHA-256 (inputs.h) */
    char key[65], cell[65];
    /* recipe_complete; owned by the session */
    struct session *session;
    const struct model_facts *model;
    const struct task_facts *task;
    const struct footprint *footprint; /* footprint.h */
};

/* recipe_resolve - check and parse every setting, look up model and task in the session, and
 * compute key and cell:
 *
 *     key = SHA-256 of the canonical JSON of {config, inputs, numerics: NUMERICS_VERSION}
 *
 * where config is without model, task and init_from, which are names: their content is in inputs.
 * Threads, folders and messages are not in it either, nor are data_seed where nothing is drawn from
 * the training data, select, report, report_curve, patience and generate_n with their defaults, and
 * with method none the keys of training; generate_n adds "texts", what the task says of them, to
 * inputs. cell is the same without the seed. The session must outlive the recipe. Errors:
 * FAIL_USAGE with file:line:col, FAIL_INPUT.
 * recipe_complete - the rest of that for a recipe that recipe_parse made; frees it on an error. */
int recipe_resolve(struct recipe *r, struct session *s, const struct settings *v);
int recipe_complete(struct recipe *r, struct session *s, const struct settings *v);
void recipe_free(struct recipe *r);
enum { NUMERICS_VERSION = 2 }; /* raised when a change in core/ changes results */

/* The steps of recipe_resolve that read no file. Errors: FAIL_USAGE.
 * recipe_parse - strings to types.
 * recipe_autos - what depends on model and task: pooling, dropouts, best_by, select and report, and
 * max_len, which is lowered, with a warning, to what inserted rows leave of the positions.
 * recipe_keys - config, key and cell; takes INPUTS. */
int recipe_parse(struct recipe *r, const struct settings *v);
int recipe_autos(struct recipe *r, const struct dims *d, const struct task *t);
void recipe_keys(struct recipe *r, json_t *inputs);

/* recipe_hash - the key as if the config were without the keys of WITHOUT (NULL-terminated). */
void recipe_hash(char out[65], const struct recipe *r, const char *const *without);

/* recipe_opt - the table entry of a key of this run, and the struct that holds its value; NULL: the
 * run has no such key. */
const struct opt *recipe_opt(const struct recipe *r, const char *key, void **field_of);

/* recipe_value - the field of O in CFG as the canonical configuration has it. */
json_t *recipe_value(const struct opt *o, const void *cfg);

/* recipe_rows - how many rows the method inserts into every sequence. recipe_head - the classifier
 * and what concerns the whole model. recipe_precision - of the products with frozen weights; auto:
 * bf16 if the CPU is faster with it and the build is in single precision. */
int recipe_rows(const struct recipe *r);
struct head recipe_head(const struct recipe *r, const struct task *t);
enum precision recipe_precision(const struct recipe *r);
uint64_t recipe_data_seed(const struct recipe *r);
uint64_t recipe_order_seed(const struct recipe *r);
uint64_t recipe_init_seed(const struct recipe *r);

/* recipe_unknown_method - record FAIL_USAGE for a method that adapt_find does not find; -1. */
int recipe_unknown_method(const struct location *location, const char *name);
#endif
