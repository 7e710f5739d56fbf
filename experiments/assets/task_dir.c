/* task_dir.c - the folder that holds a task's data files. */
#include "experiments/assets/task_dir.h"
#include "core/base/text.h"
#include "core/os/file.h"
#include "experiments/assets/find.h"

#include <stdlib.h>
#include <sys/stat.h>

int task_dir_check(const struct session *s)
{
    struct stat st;

    if (!s->data || (stat(s->data, &st) == 0 && S_ISDIR(st.st_mode)))
        return 0;
    char *full = find_full_path(s->data);
    fail(FAIL_INPUT, "the data folder '%s' (--data) does not exist", full);
    free(full);
    return -1;
}

char *task_dir(const struct session *s, const struct task *t)
{
    char *home = home_path(s->home, "data"), *found = NULL;
    const char *const roots[] = { s->data ? s->data : getenv("LOWRANK_DATA"), home, t->folder };
    const char *first = t->file[SPLIT_TRAIN];
    struct text searched = { 0 };

    for (size_t i = 0; i < ARRAY_LEN(roots) && !found; i++) {
        if (!roots[i] || !*roots[i])
            continue;
        char *dir = t->dir[0] == '/' ? xstrdup(t->dir) : path_join(roots[i], t->dir);
        if (file_in(dir, first)) {
            found = dir;
            continue;
        }
        char *full = find_full_path(dir);
        text_join(&searched, ", ", "'%s'", full);
        free(full);
        free(dir);
    }
    free(home);
    if (!found)
        fail(FAIL_INPUT,
             "task '%s': '%s' is not in %s; --data DIR or LOWRANK_DATA names the data folder",
             t->name, first, text_string(&searched));
    text_free(&searched);
    return found;
}
