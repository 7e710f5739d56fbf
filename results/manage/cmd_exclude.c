/* cmd_exclude.c - "lowrank exclude": runs that do not count, with the reason. */
#include "core/cmd.h"
#include "results/manage/manage.h"

#include <stdlib.h>

static const struct opt options[] = { HOME_OPTION(struct manage_options), { .type = OPT_END } };

static int exclude_runs(struct store *s, const struct found *f, const char *reason)
{
    struct remarked on = manage_on(f);
    long n = remarks_exclude(s, &on, reason);

    if (n == 0)
        return fail(FAIL_RUN,
                    "%s has no run that could be excluded: it must have ended, and be more "
                    "than a run that tunes",
                    f->label);
    if (n > 0)
        note("%ld run%s excluded; 'lowrank include %.8s' takes %s in again", n, n == 1 ? "" : "s",
             f->name, n == 1 ? "it" : "them");
    return n < 0 ? -1 : 0;
}

static int exclude_work(void *cfg, int argc, char **argv)
{
    const struct manage_options *o = cfg;
    struct store *s = NULL;
    struct found f = { 0 };
    int rc = manage_find(&s, &f, o->home, argv[1], FOUND_RUN | FOUND_CELL);

    if (rc == 0) {
        char *reason = manage_words(argc, argv, 2);
        rc = exclude_runs(s, &f, reason);
        free(reason);
    }
    manage_close(s, &f);
    return rc;
}

static const struct opt_usage usage = {
    .command = "exclude",
    .usage = "RUN|CELL REASON...",
    .about = "Leave a run, or the runs of a cell, out of every table, figure, claim, and report.",
    .detail = "The run keeps its key and its numbers, is not trained again, and has the state "
              "'excluded'. Whatever it would be part of says that it is left out, and why. What a "
              "search chose with its help stays chosen; a trial that lacks a seed comes after "
              "complete ones. 'lowrank include' undoes it.",
    .example = "lowrank exclude 3fa9c1d2 the machine was swapping",
    .min_args = 2,
    .max_args = -1,
};
static int exclude_main(int argc, char **argv)
{
    return opt_command(&usage, options, sizeof(struct manage_options), exclude_work, argc, argv);
}

const struct cmd cmd_exclude = { "exclude", "keep", "leave a bad run out of all results",
                                 exclude_main };
