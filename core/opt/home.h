/* home.h - the folder of results, models and data, and the flags that name folders. */
#ifndef HOME_H
#define HOME_H

#include "core/opt/opt.h"

/* home_or_default - HOME: OPTION, the value of --home, unless it is NULL or "", else the
 * environment variable LOWRANK_HOME, else "out". home_path - NAME in that folder; the caller frees
 * it. */
const char *home_or_default(const char *option);
char *home_path(const char *option, const char *name);

/* The flags --home and --data, for the option table of a struct T with "char *home" and
 * "char *data". */
#define HOME_OPTION(T)                                                                             \
    {                                                                                              \
        "home", 0, OPT_STR, offsetof(T, home), NULL, 0, 0, NULL,                                   \
            "folder of results, models and data (default: LOWRANK_HOME, else out)"                 \
    }
#define DATA_OPTION(T)                                                                             \
    {                                                                                              \
        "data", 0, OPT_STR, offsetof(T, data), NULL, 0, 0, NULL,                                   \
            "folder of the tasks' data files (default: LOWRANK_DATA, else HOME/data)"              \
    }
#endif
