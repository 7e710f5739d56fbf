/* cmd_table.c - "lowrank table": a table of results next to the paper's numbers. The symbol is
 * cmd_tables because cmd_table is the list of all commands. */
#include "core/cmd.h"
#include "results/pivot/study_table.h"
#include "results/query/query.h"
#include "results/query/read_options.h"
#include "results/rows/rows_table.h"

#include <stdlib.h>

static int print_table(const struct read_options *o, const char *name, const char *const *params)
{
    bool people = o->format != ROWS_CSV && o->format != ROWS_JSON;
    struct study_table t = { 0 };
    struct store *s = NULL;
    int rc = read_options_open(&s, o);

    if (rc == 0)
        rc = study_table(&t, s, o->home, name, params, people);
    if (rc == 0 && t.title && o->format == ROWS_TABLE)
        rows_title(stdout, t.title);
    if (rc == 0)
        rc = rows_print(stdout, &t.r, (enum rows_format)o->format);
    study_table_free(&t);
    store_close(s);
    return rc;
}

static int list_tables(const struct read_options *o)
{
    struct rows r = { 0 };

    if (study_table_names(&r) == 0)
        return rows_print_free(&r, o->format);
    rows_free(&r);
    return -1;
}

static int table_work(void *cfg, int argc, char **argv)
{
    const struct read_options *o = cfg;

    if (o->list)
        return list_tables(o);
    if (argc < 2)
        return fail(FAIL_USAGE, "which table? 'lowrank table --list' lists them");
    if (argc - 2 > STUDY_TABLE_WORDS)
        return fail(FAIL_USAGE, "more than %d words", STUDY_TABLE_WORDS);
    const char **params = read_options_params(argv + 2, argc - 2);
    int rc = params ? print_table(o, argv[1], params) : -1;
    free(params);
    return rc;
}

static const struct opt_usage usage = {
    .command = "table",
    .usage = "STUDY|TABLE|FILE.sql [name=value...]",
    .about = "Print a table of any study, next to the paper's numbers where the paper has that "
             "table.",
    .detail =
        "A value is the mean over seeds ± half the width of its 95 % t interval, with the number "
        "of seeds in parentheses. '-' stands for what was not run.\n\n"
        "rows=, cols=, also=: keys of a study that head rows and columns, or are shown beside "
        "them; without them they are chosen from the keys that vary. value=: a metric ('f1', "
        "'last loss') or parameters, train_s, wall_s, tokens_per_s, peak_rss_mb, best_step. "
        "stat=: mean, median, best-epoch (of each run's best evaluation) or iqm. KEY=VALUE keeps "
        "cells with this value of a recipe key ('rank=1,4', 'targets=q;q,v'), where= those for "
        "which a condition in SQL holds. CSV and JSON have one row a cell, with all numbers.\n\n"
        "A study of the store comes first, then tables of HOME/queries and of the program. "
        "study=NAME says that the first word is a table, and which study it is about.",
    .example = "lowrank table rank rows=rank cols=targets stat=median",
    .min_args = 0,
    .max_args = -1,
};
static int table_main(int argc, char **argv)
{
    return opt_command(&usage, read_options_list, sizeof(struct read_options), table_work, argc,
                       argv);
}

const struct cmd cmd_tables = { "table", "look", "print a table of a study, or one of the paper's",
                                table_main };
