/* config.h - private to core/weights: single settings of a model's configuration. Layer 2. */
#ifndef CONFIG_H
#define CONFIG_H

#include "core/format/json.h"
#include "core/weights/arch_impl.h"

struct config {
    const char *path;
    json_t *j;
    bool is_gguf; /* J was made from the keys of a GGUF file */
};

/* config_shown - how the file calls KEY. config_bad_value - fails with the value of KEY, of which
 * long ones are cut, and what it must be; returns -1. */
const char *config_shown(const struct config *c, const char *key);
int config_bad_value(const struct config *c, const char *key, const char *wanted);

/* config_setting - a number, into its field of D. config_flag - a boolean; config_act - the name of
 * an activation; ABSENT is its value where the key is missing. Errors: FAIL_INPUT. */
int config_setting(struct dims *d, const struct config *c, const struct setting *s);
int config_flag(bool *to, const struct config *c, const char *key, bool absent);
int config_act(enum act *to, const struct config *c, const char *key, enum act absent);
#endif
