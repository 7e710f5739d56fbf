/* options.c - what run, plan and sweep do alike before they start. */
#include "experiments/study/options.h"
#include "core/base/file.h"

#include <stdlib.h>

int common_study(struct study *s, const struct common *c, int argc, char **argv)
{
    struct settings words = { 0 };
    char *path = find_recipe(argv[1]);
    int rc = path ? 0 : -1;

    *s = (struct study){ 0 };
    for (int i = 2; i < argc && rc == 0; i++)
        rc = settings_word(&words, argv[i]);
    if (rc == 0)
        rc = study_load(s, path, &words, c->seeds, (enum profile)c->profile, c->yes_really);
    settings_free(&words);
    free(path);
    return rc;
}

int common_store(struct store **s, enum store_mode mode)
{
    char *path = home_path("lowrank.db");
    int rc = mode == STORE_WRITE ? make_dirs(home_dir()) : 0;

    *s = NULL;
    if (rc == 0)
        rc = store_open(s, path, mode);
    free(path);
    return rc;
}
