/* cmd_prepare.c - "lowrank prepare": make the data files of tasks that come from an installed
 * package. */
#include "core/cmd.h"
#include "core/opt/home.h"
#include "experiments/assets/find.h"
#include "experiments/sources/prepare.h"

#include <stdlib.h>

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
    .about = "make the data files of tasks that come from an installed package (WordNet)",
    .detail =
        "The tasks are supersense and hypernym. Files go to HOME/data; existing ones are kept.\n"
        "A run that needs the files makes them as well, so this command only saves time then.",
    .example = "lowrank prepare supersense hypernym",
    .min_args = 1,
    .max_args = -1,
};

static int prepare_one(const char *home, const char *name)
{
    char *path = find_task(name);
    struct task t = { 0 };
    int rc = path ? task_load(&t, path) : -1;

    free(path);
    if (rc != 0)
        return -1;
    rc = t.prepare ? prepare_task(home, &t)
                   : fail(FAIL_USAGE,
                          "task '%s' is not made from a package: its files come from a data folder",
                          name);
    if (rc == 0)
        printf("%s\n", t.name);
    task_free(&t);
    return rc;
}

static int prepare_work(void *cfg, int argc, char **argv)
{
    const struct flags *f = cfg;
    int rc = 0;

    for (int i = 1; i < argc && rc == 0; i++)
        rc = prepare_one(f->home, argv[i]);
    return rc;
}

static int prepare_command(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct flags), prepare_work, argc, argv);
}

const struct cmd cmd_prepare = { "prepare", "models and data", "make the WordNet tasks' files",
                                 prepare_command };
