/* prepare.c - the data files of tasks that are made from an installed package. */
#include "experiments/sources/prepare.h"
#include "core/os/file.h"
#include "core/opt/home.h"
#include "experiments/sources/wordnet.h"

#include <stdlib.h>
#include <string.h>

int prepare_task(const char *home, const struct task *t)
{
    struct wordnet w;

    if (!t->prepare)
        return 0;
    if (strcmp(t->prepare, "wordnet") != 0)
        return fail(FAIL_USAGE, "task '%s': 'prepare' must be 'wordnet', not '%s'", t->name,
                    t->prepare);
    char *data = home_path(home, "data"), *dir = path_join(data, t->dir);
    int rc = 0;
    if (!file_in(dir, "train.tsv")) { /* written last */
        note("preparing task '%s' from WordNet in '%s'", t->name, dir);
        rc = wordnet_load(&w);
        if (rc == 0) {
            rc = wordnet_write(&w, t->name, dir);
            wordnet_free(&w);
        }
    }
    free(dir);
    free(data);
    return rc;
}
