/* axes.h - keys with their values, as a study file lists them. */
#ifndef AXES_H
#define AXES_H

#include "core/opt/yaml.h"

struct axis {
    char *key;
    char **value;
    struct location *location; /* of each value */
    int n;
};
struct axes {
    struct axis *a;
    int n;
};

/* AXES_PAIRED: values may repeat. AXES_ONCE: every value must differ. AXES_CONDITION: values may
 * repeat, and a flat list for a key that takes lists is one value. */
enum axes_manner { AXES_PAIRED, AXES_ONCE, AXES_CONDITION };

/* axes_read - the mapping MAP (NULL: nothing is read) of keys to lists of values; NAME is that of
 * the part of the file. axes_read_key - its I-th key into *A. V and A are freed by axes_free, also
 * on an error. Errors: FAIL_USAGE with file:line:column. */
int axes_read(struct axes *v, const struct yaml_node *map, const char *name,
              enum axes_manner manner);
int axes_read_key(struct axis *a, const struct yaml_node *map, int i, enum axes_manner manner);
void axes_free(struct axes *v);

/* axes_add_value - copy one more value to A. axes_clear_values - remove all of them. */
void axes_add_value(struct axis *a, const char *value, struct location location);
void axes_clear_values(struct axis *a);

/* axes_word - the values of KEY in the word KEY=TEXT of a command line, into *A, which axes_free
 * frees as part of its list: "1,4,16", or with ';' between values that contain commas, as those of
 * keys that take lists do: "q;q,v". Errors: FAIL_USAGE for no value, or the same value twice. */
int axes_word(struct axis *a, const char *key, const char *text, struct location location);
#endif
