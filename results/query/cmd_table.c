/* cmd_table.c - "lowrank table": a table of results next to the paper's numbers. The symbol is
 * cmd_tables because cmd_table is the list of all commands. */
#include "core/cmd.h"
#include "results/query/footnote.h"
#include "results/query/query.h"
#include "results/query/read_options.h"

#include <stdlib.h>
#include <string.h>

static const char *param(const char *const *params, const char *name)
{
    for (; params[0]; params += 2)
        if (strcmp(params[0], name) == 0)
            return params[1];
    return NULL;
}

/* How many finished runs the study has (NULL: all studies together), if none of them gave a number;
 * else 0. */
static long runs_without_number(struct store *s, const char *study, const char *task)
{
    static const char sql[] =
        "SELECT count(DISTINCT r.run_id) AS done, (SELECT sum(n) FROM study_cells"
        " WHERE (:study IS NULL OR study = :study) AND (:task IS NULL OR task = :task)) AS numbers"
        " FROM study_cells c JOIN sweep_run sr ON sr.plan_id = c.plan_id"
        " JOIN run r ON r.run_id = sr.run_id AND r.cell_key = c.cell_key AND r.state = 'done'"
        " WHERE (:study IS NULL OR c.study = :study) AND (:task IS NULL OR c.task = :task)";
    const char *const words[] = { "study", study, "task", task, NULL };
    struct rows r;

    if (query_rows(s, &r, sql, words) != 0)
        return 0;
    const char *done = rows_get(&r, 0, "done"), *numbers = rows_get(&r, 0, "numbers");
    long n = done && (!numbers || strtol(numbers, NULL, 10) == 0) ? strtol(done, NULL, 10) : 0;
    rows_free(&r);
    return n;
}

/* The table is empty: say which command fills it, or that no run gave a number. */
static int nothing_to_show(struct store *s, const char *name, const char *const *params)
{
    const char *study = param(params, "study");
    bool of_own = strstr(query_find(name), "coalesce(:study") != NULL; /* default: its name */
    const char *of_study = study || !of_own ? study : name;
    long runs = runs_without_number(s, of_study, param(params, "task"));
    char *make = query_make(name), *of = study ? xprintf(" of study '%s'", study) : xstrdup("");

    if (make)
        fail(FAIL_RUN, "table '%s'%s is still empty; this fills it: %s", name, of, make);
    else if (runs > 0)
        fail(FAIL_RUN,
             "nothing to show in table '%s'%s: none of its %ld finished runs gave a number; "
             "'lowrank query curves' has what they recorded",
             name, of, runs);
    else
        fail(FAIL_RUN,
             "no runs yet for table '%s' of study '%s'; 'lowrank status' shows what there is", name,
             study ? study : name);
    free(of);
    free(make);
    return -1;
}

static void explain_nothing(struct store *s, const char *name, const char *const *params)
{
    if (footnote_empty(s, query_find(name), params) == 0)
        nothing_to_show(s, name, params);
    else
        fail_context("table '%s'", name);
}

static int print_table(const struct read_options *o, const char *name, const char *const *params)
{
    struct store *s = NULL;
    struct rows r = { 0 };
    int rc = -1;

    if (read_options_open(&s, o) != 0 || query_named(s, &r, name, params) != 0)
        goto out;
    if (r.n_rows == 0)
        explain_nothing(s, name, params);
    else if (footnote_excluded(&r, s, footnote_study(query_find(name), params)) == 0)
        rc = rows_print(stdout, &r, (enum rows_format)o->format);
out:
    rows_free(&r);
    store_close(s);
    return rc;
}

static int table_work(void *cfg, int argc, char **argv)
{
    const struct read_options *o = cfg;

    if (o->list)
        return query_list((enum rows_format)o->format, true);
    if (argc < 2)
        return fail(FAIL_USAGE, "which table? 'lowrank table --list' lists them");
    if (!query_find(argv[1]))
        return query_unknown(argv[1], "lowrank table");
    const char **params = read_options_params(argv + 2, argc - 2);
    int rc = params ? print_table(o, argv[1], params) : -1;
    free(params);
    return rc;
}

static const struct opt_usage usage = {
    .command = "table",
    .usage = "NAME [name=value...]",
    .about =
        "Print a table of results, next to the paper's numbers where the paper has that table.",
    .detail = "A value is the mean over seeds ± half the width of its 95 % t interval, with the "
              "number of seeds in parentheses. '-' stands for what was not run.",
    .example = "lowrank table rank --format md",
    .min_args = 0,
    .max_args = -1,
};
static int table_main(int argc, char **argv)
{
    return opt_command(&usage, read_options_list, sizeof(struct read_options), table_work, argc,
                       argv);
}

const struct cmd cmd_tables = { "table", "look", "print a table of results next to the paper's",
                                table_main };
