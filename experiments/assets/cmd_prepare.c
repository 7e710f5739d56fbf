/* cmd_prepare.c - make the files of tasks that are built from an installed package. */
#include "core/cmd.h"
#include "core/base/opt.h"
#include "experiments/assets/paths.h"

#include <stddef.h>

struct flags {
    char *home;
};
static const struct opt opts[] = {
    HOME_OPTION(struct flags),
    { .type = OPT_END },
};
static const struct opt_usage usage = {
    .command = "prepare",
    .usage = "TASK...",
    .about = "make the files of tasks that come from an installed package (WordNet)",
    .detail = "Tasks: supersense, hypernym. Files go to HOME/data; those already there stay. A run "
              "that needs them\n"
              "makes them too: this command only does it beforehand.",
    .example = "lowrank prepare supersense hypernym",
    .min_args = 1,
    .max_args = -1,
};

static int prepare(const char *name)
{
    struct task t;

    if (task_find(&t, name) != 0)
        return -1;
    int rc =
        t.prepare
            ? task_prepare(&t)
            : fail(FAIL_USAGE,
                   "task '%s' is not made from a package: its files come from a data folder", name);
    if (rc == 0)
        printf("%s\n", t.name);
    task_free(&t);
    return rc;
}

static int work(void *cfg, int argc, char **argv)
{
    const struct flags *f = cfg;
    int rc = 0;

    home_option = f->home;
    for (int i = 1; i < argc && rc == 0; i++)
        rc = prepare(argv[i]);
    return rc;
}

static int run(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct flags), work, argc, argv);
}

const struct cmd cmd_prepare = { "prepare", "models and data", "make the WordNet tasks' files",
                                 run };
