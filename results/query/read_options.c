/* read_options.c - flags and words of the commands that read the store. */
#include "results/query/read_options.h"

#include <stdlib.h>
#include <string.h>

const struct opt read_options[] = { HOME_OPTION(struct read_options),
                                    FORMAT_OPTION(struct read_options),
                                    { .type = OPT_END } };
const struct opt read_options_list[] = {
    HOME_OPTION(struct read_options),
    FORMAT_OPTION(struct read_options),
    { "list", 'l', OPT_BOOL, offsetof(struct read_options, list), NULL, 0, 0, NULL,
      "list the names" },
    { .type = OPT_END },
};

int read_options_open(struct store **s, const struct read_options *o)
{
    char *path = home_path(o->home, "lowrank.db");
    int rc = store_open(s, path, STORE_READ);
    free(path);
    return rc;
}

const char **read_options_params(char **word, int n)
{
    const char **list = xalloc((size_t)n * 2 + 1, sizeof *list);

    for (int i = 0; i < n; i++) {
        char *eq = strchr(word[i], '=');
        if (!eq || eq == word[i]) {
            fail(FAIL_USAGE, "'%s' must be name=value", word[i]);
            free(list);
            return NULL;
        }
        *eq = 0;
        list[2 * i] = word[i];
        list[2 * i + 1] = eq + 1;
    }
    return list;
}
