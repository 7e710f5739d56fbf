/* cmd.c - the commands by name and by group. */
#include "core/cmd.h"
#include "core/base/base.h"

#include <string.h>

const struct cmd_group cmd_groups[] = {
    { "run", "run experiments" },
    { "look", "look at results" },
    { "keep", "keep order" },
    { "check", "check the program" },
    { "models and data", "models and data" },
    { "help", "help" },
    { NULL, NULL },
};

const struct cmd *cmd_find(const char *name)
{
    for (const struct cmd *const *c = cmd_table; *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

const char **cmd_names(const char *const *more)
{
    const char **names = NULL;
    size_t n = 0;

    for (const struct cmd *const *c = cmd_table; *c; c++) {
        names = xgrow(names, n + 1, sizeof *names);
        names[n++] = (*c)->name;
    }
    for (; more && *more; more++) {
        names = xgrow(names, n + 1, sizeof *names);
        names[n++] = *more;
    }
    names = xgrow(names, n + 1, sizeof *names);
    names[n] = NULL;
    return names;
}
