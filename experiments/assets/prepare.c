/* prepare.c - task_prepare (recipe.h): make a task's files the first time they are wanted. */
#include "experiments/assets/paths.h"
#include "experiments/assets/wordnet.h"
#include "core/base/file.h"

#include <stdlib.h>
#include <string.h>

int task_prepare(const struct task *t)
{
    struct wordnet w;

    if (!t->prepare)
        return 0;
    if (strcmp(t->prepare, "wordnet") != 0)
        return fail(FAIL_USAGE, "task '%s': prepare must be 'wordnet', not '%s'", t->name,
                    t->prepare);
    char *data = home_path("data"), *dir = path_join(data, t->dir),
         *mark = path_join(dir, "train.tsv");
    int rc = 0;
    if (!file_exists(mark)) {
        note("preparing task '%s' from WordNet in '%s'", t->name, dir);
        rc = wordnet_load(&w);
        if (rc == 0) {
            rc = wordnet_write(&w, t->name, dir);
            wordnet_free(&w);
        }
    }
    free(mark);
    free(dir);
    free(data);
    return rc;
}
