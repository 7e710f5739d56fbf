/* cmd_archive.c - "lowrank archive": studies out of the way. */
#include "core/cmd.h"
#include "results/manage/manage.h"

static const struct opt options[] = {
    HOME_OPTION(struct manage_options),
    { "undo", 0, OPT_BOOL, MANAGE_AT(undo), NULL, 0, 0, NULL, "take the study back" },
    { .type = OPT_END },
};

static int archive_work(void *cfg, int argc, char **argv)
{
    const struct manage_options *o = cfg;
    struct store *s = NULL;
    struct found f = { 0 };
    int rc = manage_find(&s, &f, o->home, argv[1], FOUND_STUDY);

    (void)argc;
    if (rc == 0) {
        long n = remarks_archive(s, f.name, o->undo);
        if (n == 0)
            note("study '%s' is %s", f.name, o->undo ? "not in the archive" : "there already");
        rc = n < 0 ? -1 : 0;
    }
    manage_close(s, &f);
    return rc;
}

static const struct opt_usage usage = {
    .command = "archive",
    .usage = "STUDY",
    .about = "Put a study away: 'lowrank status' and the report leave it out.",
    .detail =
        "Nothing is removed, and its tables and figures can still be made. 'lowrank sweep' of "
        "the study takes it back, and so does --undo.",
    .example = "lowrank archive rank\n  lowrank status --archived",
    .min_args = 1,
    .max_args = 1,
};
static int archive_main(int argc, char **argv)
{
    return opt_command(&usage, options, sizeof(struct manage_options), archive_work, argc, argv);
}

const struct cmd cmd_archive = { "archive", "keep", "put a study out of the way", archive_main };
