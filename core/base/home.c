/* home.c - the folder of results, models and data. */
#include "core/base/home.h"
#include "core/base/file.h"

#include <stdlib.h>

char *home_option;

const char *home_dir(void)
{
    const char *env = getenv("LOWRANK_HOME");

    if (home_option && *home_option)
        return home_option;
    return env && *env ? env : "out";
}

char *home_path(const char *name)
{
    return path_join(home_dir(), name);
}
