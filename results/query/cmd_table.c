/* cmd_table.c - "lowrank table": a table of results beside the paper's numbers. The symbol is
 * cmd_tables because cmd_table is the list of all commands. */
#include "core/cmd.h"
#include "results/query/look.h"

#include <stdlib.h>
#include <string.h>

static const char *param(const char *const *params, const char *name, const char *otherwise)
{
    for (; params[0]; params += 2)
        if (strcmp(params[0], name) == 0)
            return params[1];
    return otherwise;
}

/* Nothing to show: what would make it. */
static int nothing(const char *name, const char *const *params)
{
    const char *study = param(params, "study", NULL);
    char *make = query_make(name), *of = study ? xprintf(" of study '%s'", study) : xstrdup("");

    if (make)
        fail(FAIL_RUN, "nothing yet for table '%s'%s: %s", name, of, make);
    else
        fail(FAIL_RUN,
             "no runs yet for table '%s' of study '%s'; 'lowrank status' shows what there is", name,
             study ? study : name);
    free(of);
    free(make);
    return -1;
}

static int show(const struct look *cfg, const char *name, const char *const *params)
{
    struct store *s = NULL;
    struct rows r = { 0 };
    int rc = -1;

    if (look_open(&s, cfg) != 0 || store_query(s, &r, query_find(name), params) != 0)
        goto out;
    if (r.n_rows == 0)
        nothing(name, params);
    else
        rc = rows_print(stdout, &r, (enum rows_format)cfg->format);
out:
    rows_free(&r);
    store_close(s);
    return rc;
}

static int table(const struct look *cfg, int argc, char **argv)
{
    if (cfg->list)
        return look_list((enum rows_format)cfg->format, true);
    if (argc < 2)
        return fail(FAIL_USAGE, "which table? 'lowrank table --list' lists them");
    if (!query_find(argv[1]))
        return look_unknown(argv[1], "lowrank table");
    const char **params = look_params(argv + 2, argc - 2);
    int rc = params ? show(cfg, argv[1], params) : -1;
    free(params);
    return rc;
}

static const struct opt_usage usage = {
    .command = "table",
    .usage = "NAME [name=value...]",
    .about = "Print a table of results; where the paper has the same table, its numbers stand "
             "beside.",
    .detail = "A value is the mean over seeds, half the width of its 95 % t interval, and in "
              "brackets "
              "the number of seeds. What was not run is '-'.",
    .example = "lowrank table rank --format md",
    .min_args = 0,
    .max_args = -1,
};
static int work(void *cfg, int argc, char **argv)
{
    return table(cfg, argc, argv);
}

static int run(int argc, char **argv)
{
    return opt_command(&usage, look_list_opts, sizeof(struct look), work, argc, argv);
}

const struct cmd cmd_tables = { "table", "look", "print a table of results beside the paper's",
                                run };
