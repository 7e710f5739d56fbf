/* home.c - the folder of results, models and data. */
#include "core/opt/home.h"
#include "core/os/file.h"

#include <stdlib.h>

const char *home_or_default(const char *option)
{
    const char *env = getenv("LOWRANK_HOME");

    if (option && *option)
        return option;
    return env && *env ? env : "out";
}

char *home_path(const char *option, const char *name)
{
    return path_join(home_or_default(option), name);
}
