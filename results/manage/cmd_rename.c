/* cmd_rename.c - "lowrank rename": another name for a study. */
#include "core/cmd.h"
#include "results/manage/manage.h"
#include "results/query/recorded.h"
#include "results/store/study_name.h"

#include <stdlib.h>

static const struct opt options[] = { HOME_OPTION(struct manage_options), { .type = OPT_END } };

static int rename_check(struct store *s, const char *to)
{
    const char *fault = study_name_fault(to);
    char *recipe = NULL;
    int known = fault ? 0 : recorded_recipe(&recipe, s, to);

    free(recipe);
    if (fault)
        return fail(FAIL_USAGE, "'%s' cannot be the name of a study: %s", to, fault);
    return known > 0 ? fail(FAIL_USAGE, "there is a study '%s' already", to) : known;
}

static int rename_work(void *cfg, int argc, char **argv)
{
    const struct manage_options *o = cfg;
    struct store *s = NULL;
    struct found f = { 0 };
    char *recipe = NULL;
    int rc = manage_find(&s, &f, o->home, argv[1], FOUND_STUDY);

    (void)argc;
    if (rc == 0)
        rc = rename_check(s, argv[2]);
    if (rc == 0 && recorded_recipe(&recipe, s, f.name) < 0)
        rc = -1;
    if (rc == 0)
        rc = remarks_rename(s, f.name, argv[2]) < 0 ? -1 : 0;
    if (rc == 0 && recipe)
        note("a sweep of '%s' would begin a study '%s' again; change its name there, too", recipe,
             f.name);
    free(recipe);
    manage_close(s, &f);
    return rc;
}

static const struct opt_usage usage = {
    .command = "rename",
    .usage = "STUDY NAME",
    .about = "Give a study another name in the database.",
    .detail =
        "Runs, analyses, notes, and tags stay with it. Tables, figures, and claims of the paper "
        "that look for the study under its old name do not find it any more.",
    .example = "lowrank rename mine warmup_long",
    .min_args = 2,
    .max_args = 2,
};
static int rename_main(int argc, char **argv)
{
    return opt_command(&usage, options, sizeof(struct manage_options), rename_work, argc, argv);
}

const struct cmd cmd_rename = { "rename", "keep", "give a study another name", rename_main };
