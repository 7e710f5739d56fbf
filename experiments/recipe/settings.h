/* settings.h - the keys and values of a recipe as strings, before they are parsed. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "core/opt/yaml.h"

struct setting {
    char *key, *value;
    struct location location; /* with a name of its own */
};
struct settings {
    struct setting *s;
    int n;
};

/* settings_set - set KEY, whether it was set before or not; '-' in a key is stored as '_'. Strings
 * are copied. settings_copy - set all of SRC in DST. settings_get - NULL: not given. */
void settings_set(struct settings *v, const char *key, const char *value, struct location location);
void settings_copy(struct settings *dst, const struct settings *src);
const struct setting *settings_get(const struct settings *v, const char *key);
void settings_free(struct settings *v);

/* settings_file - the settings of a single run's YAML file, or those under "base" of a study.
 * settings_root - the same of a document that is loaded. settings_yaml - every key of a mapping.
 * settings_word - "key=value" from a command line. Errors: FAIL_USAGE, for a word also when an
 * earlier word set its key. */
int settings_file(struct settings *v, const char *path);
int settings_root(struct settings *v, const struct yaml_node *root);
int settings_yaml(struct settings *v, const struct yaml_node *map);
int settings_word(struct settings *v, const char *word);

/* settings_full_path - VALUE, or if KEY names a file or folder and VALUE is a path from the current
 * folder, the same from the root, so that what is stored works in any folder. The caller frees
 * it. */
char *settings_full_path(const char *key, const char *value);

/* settings_config - the settings of a canonical configuration, as the store keeps it; LOCATION says
 * where it came from. The configuration has the name of a user's own task as "task" and its file as
 * TASK_FILE, which becomes the setting "task". Errors: FAIL_STORE. */
#define TASK_FILE "task.file"
int settings_config(struct settings *v, const char *json, struct location location);

/* settings_value - the value of KEY as one string, a list as "a,b", the mapping of a pattern as
 * "a:1,b:2"; the caller frees it. Errors: NULL after FAIL_USAGE. */
char *settings_value(const struct yaml_node *n, const char *key);

/* settings_blame - put the location of the setting that the recorded failure is about (fail_keys)
 * before the failure, unless it is the command line; -1. */
int settings_blame(const struct settings *v);
#endif
