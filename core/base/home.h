/* home.h - the folder of results, models and data. Layer 0. */
#ifndef HOME_H
#define HOME_H

#include "core/base/opt.h"

/* HOME is --home, LOWRANK_HOME, else "out". */
extern char *home_option; /* set by a command's --home */
const char *home_dir(void);
char *home_path(const char *name); /* HOME/NAME, caller frees */

/* The flag --home, for the option table of a struct T with "char *home". */
#define HOME_OPTION(T)                                                                             \
    {                                                                                              \
        "home", 0, OPT_STR, offsetof(T, home), NULL, 0, 0, NULL,                                   \
            "folder of results, models and data (default: LOWRANK_HOME, else out)"                 \
    }
#endif
