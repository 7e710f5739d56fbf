/* folder.h - the files of a model folder that describe its tokenizer. Private to core/text. */
#ifndef FOLDER_H
#define FOLDER_H

#include <jansson.h>
#include <stdbool.h>

/* The JSON files; NULL: absent. */
struct tok_folder {
    const char *dir;
    json_t *json, *config, *map, *added; /* tokenizer.json, tokenizer_config.json, ... */
    char *json_path, *config_path, *map_path, *added_path;
    const char *model; /* model.type of tokenizer.json; NULL: without a type and of no known form */
};

/* tok_folder_read - read those of the files that exist. The caller calls tok_folder_free, in every
 * case, after which DIR is no longer needed. Errors: FAIL_INPUT. */
int tok_folder_read(struct tok_folder *f, const char *dir);
void tok_folder_free(struct tok_folder *f);

/* tok_folder_class - the name of the class in transformers, without "Fast" at its end; the caller
 * frees it. NULL: the files do not say it. */
char *tok_folder_class(const struct tok_folder *f);

/* json_flag - the boolean KEY of J, an object of the file PATH; if it is absent or null, *VALUE
 * stays as it is. Errors: FAIL_INPUT. */
int json_flag(bool *value, const json_t *j, const char *key, const char *path);
#endif
