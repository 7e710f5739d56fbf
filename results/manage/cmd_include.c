/* cmd_include.c - "lowrank include": runs that were excluded count again. */
#include "core/cmd.h"
#include "results/manage/manage.h"

static const struct opt options[] = { HOME_OPTION(struct manage_options), { .type = OPT_END } };

static int include_work(void *cfg, int argc, char **argv)
{
    const struct manage_options *o = cfg;
    struct store *s = NULL;
    struct found f = { 0 };
    int rc = manage_find(&s, &f, o->home, argv[1], FOUND_RUN | FOUND_CELL);

    (void)argc;
    if (rc == 0) {
        struct remarked on = manage_on(&f);
        long n = remarks_include(s, &on);
        if (n > 0)
            note("%ld run%s included again", n, n == 1 ? "" : "s");
        rc = n == 0  ? fail(FAIL_RUN, "%s is not excluded; 'lowrank query excluded' lists what is",
                            f.label)
             : n < 0 ? -1
                     : 0;
    }
    manage_close(s, &f);
    return rc;
}

static const struct opt_usage usage = {
    .command = "include",
    .usage = "RUN|CELL",
    .about = "Take in again what 'lowrank exclude' left out.",
    .example = "lowrank include 3fa9c1d2",
    .min_args = 1,
    .max_args = 1,
};
static int include_main(int argc, char **argv)
{
    return opt_command(&usage, options, sizeof(struct manage_options), include_work, argc, argv);
}

const struct cmd cmd_include = { "include", "keep", "take an excluded run in again", include_main };
