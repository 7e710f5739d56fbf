/* recipe.h - what a run is: a flat list of keys, resolved against the option tables, with a
 * content key.
 *
 * A recipe file is YAML. Keys of a run stand in "base:" (a study) or at the top (a single run).
 * Every key is one entry of an option table: those of run_opts, of train_opts (core/train) and of
 * the method (struct adapt.opts). A key that belongs to another method than the chosen one is
 * dropped, so that "method" can be an axis; a key that belongs to none is an error with
 * file:line:column and a suggestion. */
#ifndef RECIPE_H
#define RECIPE_H

#include "core/adapt/adapt.h"
#include "core/train/train.h"
#include "experiments/assets/paths.h"

#include <jansson.h>

/* Keys that are not training hyper-parameters. */
struct run_cfg {
    char *model, *task, *method, *init_from;
    long seed;
    long order_seed, init_seed; /* -1: seed */
    int precision;              /* an index into its choices: auto and what this build knows */
};
extern const struct opt run_opts[];

struct recipe {
    struct run_cfg run;
    struct train_cfg train; /* without autos once resolved */
    const struct adapt *method;
    void *method_cfg;
    json_t *config; /* canonical: every key resolved */
    json_t
        *inputs; /* role ("weights", "tokenizer", "task", "train", ...) -> sha256 of what is read */
    char key[65], cell[65];
};
/* A recipe before it is resolved: words, in order, later ones win. */
struct setting {
    char *key, *value, *where;
}; /* where: "file:line:col" or "command line" */
struct settings {
    struct setting *s;
    int n;
};
void settings_set(struct settings *v, const char *key, const char *value, const char *where);
void settings_copy(struct settings *dst, const struct settings *src);
void settings_free(struct settings *v);
const struct setting *settings_get(const struct settings *v, const char *key); /* NULL: not given */

/* Inputs that a run reads, by content: part of the key. Loaded once per process and shared by
 * runs. */
struct inputs {
    char *model_name, *dir; /* model folder */
    struct base_model base;
    struct tok *tok;
    char tok_sha256[65]; /* of vocab.txt */
};
/* recipe_resolve - check and type every setting, read the sha256 of the model's and task's files
 * (cached by path, size, mtime and inode in HOME/cache), and compute key and cell:
 *   key = sha256(canonical JSON of {config, inputs: sha256s, numerics: NUMERICS_VERSION})
 * where config is without model and task, which are names: their content is in inputs. Threads,
 * paths and log level are not in it either; cell is the same without the seed.
 * Errors: FAIL_USAGE (file:line:col), FAIL_INPUT. */
int recipe_resolve(struct recipe *r, const struct settings *v);
/* recipe_complete - the rest of recipe_resolve for a recipe that recipe_parse made; frees it on an
 * error. */
int recipe_complete(struct recipe *r, const struct settings *v);
void recipe_free(struct recipe *r);
enum { NUMERICS_VERSION = 2 }; /* raised when a change of the core moves bits */

/* recipe_resolve in its three steps, none of which reads a file.
 * recipe_parse - words to types. recipe_autos - what depends on model and task: pooling, dropouts,
 * max_len (lowered, with a warning, to what inserted rows leave), best_by. recipe_keys - config, key and cell; takes INPUTS. */
int recipe_parse(struct recipe *r, const struct settings *v);
int recipe_autos(struct recipe *r, const struct dims *d, const struct task *t);
void recipe_keys(struct recipe *r, json_t *inputs);
/* recipe_rows - how many rows the method inserts into every sequence. */
int recipe_rows(const struct recipe *r);
/* recipe_hash - the key without the config keys of WITHOUT (NULL-terminated; NULL: none). */
void recipe_hash(char out[65], const struct recipe *r, const char *const *without);
/* recipe_opt - the table entry of a key and the struct it fills, for a parsed recipe; NULL: not
 * one of this run's. */
const struct opt *recipe_opt(const struct recipe *r, const char *key, void **field_of);
/* recipe_blame - put the place of the setting that the recorded failure names before it; -1. */
int recipe_blame(const struct settings *v);
struct head recipe_head(const struct recipe *r, const struct task *t);
/* recipe_precision - auto: bf16 where that is a fact of the CPU's being faster, in no f64 build. */
enum precision recipe_precision(const struct recipe *r);
uint64_t recipe_order_seed(const struct recipe *r);
uint64_t recipe_init_seed(const struct recipe *r);
bool recipe_knows(const char *key);          /* of any method */
const char *recipe_nearest(const char *key); /* "did you mean"; NULL */
/* recipe_unknown_method - FAIL_USAGE for a method that adapt_find does not know; -1. */
int recipe_unknown_method(const char *where, const char *name);

/* recipe_file - the settings of a single-run YAML file, or the "base" of a study. */
int recipe_file(struct settings *v, const char *path);
/* settings_word - "key=value" from a command line. Errors: FAIL_USAGE, also for a key that a word before
 * set. */
int settings_word(struct settings *v, const char *word);
/* settings_yaml - every key of a mapping; lists become "a,b". yaml_value: text of one value,
 * caller frees; yaml_place: "file:line:col" of a node, caller frees. */
struct yaml_node;
int settings_yaml(struct settings *v, const struct yaml_node *map);
char *yaml_value(const struct yaml_node *n, const char *key);
char *yaml_place(const struct yaml_node *n);
extern const char *const study_keys[]; /* keys at the top of a study, NULL-terminated */

/* inputs_get - base and tokenizer of a model, loaded once per folder and kept for the life of the
 * process; NULL after fail. */
struct inputs *inputs_get(const char *model);
#endif
