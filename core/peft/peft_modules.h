/* peft_modules.h - private to core/peft: the modules of a model under the names that transformers
 * gives them, and how PEFT's settings match these names. Layer 2. */
#ifndef PEFT_MODULES_H
#define PEFT_MODULES_H

#include "core/weights/arch.h"
#include "core/weights/dims.h"
#include "core/weights/param.h"

/* Every module with a weight, and the target that it is, or -1. Where q, k and v are one module, it
 * is the target qkv. */
struct module {
    char *name;
    int target, layer;
    enum role role; /* of its weight; of the head ROLE_HEAD_W, which a decoder's output layer has
                       too, and ROLE_DENSE_W */
};
struct modules {
    struct module *m;
    int n, n_layers;
    const struct arch *arch;
};

/* modules_make - those of a model with a head, or, BARE, of one that has none, whose names lack the
 * architecture's prefix. modules_free - also for a zeroed struct. */
void modules_make(struct modules *s, const struct dims *d, bool bare);
void modules_free(struct modules *s);

/* module_ends_with - is TARGET the name, or its end after a dot? */
bool module_ends_with(const char *name, const char *target);

/* module_regex_make - TEXT, the value of KEY in FILE, as a regular expression; freed with
 * module_regex_free, which does nothing for NULL. module_regex_full - does it match the whole name
 * (Python's re.fullmatch)? module_regex_number - the number that its first group has where it
 * matches the beginning of the name (re.match); -1: it does not match. Errors: NULL after
 * FAIL_INPUT. */
struct module_regex *module_regex_make(const char *text, const char *key, const char *file);
bool module_regex_full(const struct module_regex *r, const char *name);
int module_regex_number(const struct module_regex *r, const char *name);
void module_regex_free(struct module_regex *r);
#endif
