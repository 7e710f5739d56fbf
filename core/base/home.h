/* home.h - the folder of results, models and data. */
#ifndef HOME_H
#define HOME_H

#include "core/base/opt.h"

/* home_option - what --home gave; commands set it. home_dir - that folder, or else LOWRANK_HOME, or
 * else "out". home_path - NAME in that folder; the caller frees it. */
extern char *home_option;
const char *home_dir(void);
char *home_path(const char *name);

/* HOME_OPTION - the flag --home for the option table of a struct T with a field "char *home". */
#define HOME_OPTION(T)                                                                             \
    {                                                                                              \
        "home", 0, OPT_STR, offsetof(T, home), NULL, 0, 0, NULL,                                   \
            "folder of results, models and data (default: LOWRANK_HOME, else out)"                 \
    }
#endif
