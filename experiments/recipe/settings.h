/* settings.h - the keys and values of a recipe as strings, before they are parsed. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "core/base/yaml.h"

struct setting {
    char *key, *value, *where; /* where: "file:line:col" or "command line" */
};
struct settings {
    struct setting *s;
    int n;
};

/* settings_set - set KEY, whether it was there or not; '-' in a key is stored as '_'. settings_copy -
 * set all of SRC in DST. settings_get - NULL: not given. */
void settings_set(struct settings *v, const char *key, const char *value, const char *where);
void settings_copy(struct settings *dst, const struct settings *src);
const struct setting *settings_get(const struct settings *v, const char *key);
void settings_free(struct settings *v);

/* settings_file - the settings of a single run's YAML file, or those under "base" of a study.
 * settings_yaml - every key of a mapping. settings_word - "key=value" from a command line. Errors:
 * FAIL_USAGE, for a word also when an earlier word set its key. */
int settings_file(struct settings *v, const char *path);
int settings_yaml(struct settings *v, const struct yaml_node *map);
int settings_word(struct settings *v, const char *word);

/* settings_value - the value of KEY as one string, a list as "a,b"; the caller frees it. Errors: NULL
 * after FAIL_USAGE. settings_place - "file:line:col" of a node; the caller frees it. */
char *settings_value(const struct yaml_node *n, const char *key);
char *settings_place(const struct yaml_node *n);
#endif
