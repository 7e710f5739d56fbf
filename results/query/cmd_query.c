/* cmd_query.c - "lowrank query": SQL on the results, or a named query. */
#include "core/cmd.h"
#include "results/query/footnote.h"
#include "results/query/query.h"
#include "results/query/query_file.h"
#include "results/query/read_options.h"
#include "results/query/recorded.h"

#include <stdlib.h>
#include <string.h>

static int print_result(const struct read_options *o, const char *sql, char **word, int n)
{
    struct store *s = NULL;
    struct rows r = { 0 };
    const char **params = read_options_params(word, n);
    int rc = -1;

    const char *study = params && query_takes(sql, "study") ? footnote_study("", params) : NULL;
    if (params && read_options_open(&s, o) == 0 && query_rows(s, &r, sql, params) == 0 &&
        (!footnote_concerns(sql) || footnote_excluded(&r, s, footnote_study(sql, params)) == 0))
        rc = r.n_rows == 0 && study && recorded_check_stored(s, study) != 0
                 ? -1
                 : rows_print(stdout, &r, (enum rows_format)o->format);
    rows_free(&r);
    store_close(s);
    free(params);
    return rc;
}

static int query_work(void *cfg, int argc, char **argv)
{
    const struct read_options *o = cfg;

    if (o->list)
        return query_list((enum rows_format)o->format, verbosity < 1);
    if (argc < 2)
        return fail(FAIL_USAGE, "which query? 'lowrank query --list' lists them");
    bool statement = strpbrk(argv[1], " \t\n") != NULL && !strstr(argv[1], ".sql");
    char *sql = NULL;
    int rc = statement ? 0 : query_file(&sql, o->home, argv[1]);
    if (rc == 0 && !sql && !statement)
        rc = query_unknown(argv[1], "lowrank query");
    if (rc == 0)
        rc = print_result(o, sql ? sql : argv[1], argv + 2, argc - 2);
    free(sql);
    return rc;
}

static const struct opt_usage usage = {
    .command = "query",
    .usage = "SQL|NAME|FILE.sql [name=value...]",
    .about = "Print the result of an SQL query on the store, or of a named query.",
    .detail = "The schema describes the tables and views: lowrank query \"SELECT sql FROM "
              "sqlite_schema\". A query of your own is a file, or NAME of HOME/queries/NAME.sql. "
              "The word name=value sets the parameter :name of the query. A query can only read.",
    .example = "lowrank query \"SELECT rank, mean, n FROM cells WHERE which = 'best'\"",
    .min_args = 0,
    .max_args = -1,
};
static int query_main(int argc, char **argv)
{
    return opt_command(&usage, read_options_list, sizeof(struct read_options), query_work, argc,
                       argv);
}

const struct cmd cmd_query = { "query", "look", "answer an SQL query on the results", query_main };
