/* study_flags.c - what 'lowrank run', 'plan' and 'sweep' do before they start. */
#include "experiments/study/study_flags.h"
#include "core/os/file.h"
#include "experiments/assets/find.h"

#include <stdlib.h>

int study_flags_load(struct study *s, struct session *ses, const struct study_flags *f, int argc,
                     char **argv)
{
    struct settings words = { 0 };
    char *path = find_recipe(argv[1]);
    int rc = path ? 0 : -1;

    *s = (struct study){ 0 };
    for (int i = 2; i < argc && rc == 0; i++)
        rc = settings_word(&words, argv[i]);
    if (rc == 0)
        rc = study_load(s, ses, path, &words, f->seeds, (enum profile)f->profile, f->yes_really);
    settings_free(&words);
    free(path);
    return rc;
}

int study_flags_store(struct store **s, const char *home, enum store_mode mode)
{
    char *path = home_path(home, "lowrank.db");
    int rc = mode == STORE_WRITE ? make_dirs(home_or_default(home)) : 0;

    *s = NULL;
    if (rc == 0)
        rc = store_open(s, path, mode);
    free(path);
    return rc;
}
