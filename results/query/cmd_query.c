/* cmd_query.c - "lowrank query": SQL on the results, or a query that is built in. Reads only. */
#include "core/cmd.h"
#include "results/query/look.h"

#include <stdlib.h>
#include <string.h>

static int show(const struct look *cfg, const char *sql, char **word, int n)
{
    struct store *s = NULL;
    struct rows r = { 0 };
    const char **params = look_params(word, n);
    int rc = -1;

    if (params && look_open(&s, cfg) == 0 && store_query(s, &r, sql, params) == 0)
        rc = rows_print(stdout, &r, (enum rows_format)cfg->format);
    rows_free(&r);
    store_close(s);
    free(params);
    return rc;
}

static int query(const struct look *cfg, int argc, char **argv)
{
    if (cfg->list)
        return look_list((enum rows_format)cfg->format, false);
    if (argc < 2)
        return fail(FAIL_USAGE, "which query? 'lowrank query --list' lists them");
    const char *sql = query_find(argv[1]);
    if (!sql && !strpbrk(argv[1], " \t\n"))
        return look_unknown(argv[1], "lowrank query");
    return show(cfg, sql ? sql : argv[1], argv + 2, argc - 2);
}

static const struct opt_usage usage = {
    .command = "query",
    .usage = "SQL|NAME [name=value...]",
    .about = "Answer an SQL query on the results, or one of the queries that are built in.",
    .detail = "Tables and views are described in the schema: lowrank query \"SELECT sql FROM "
              "sqlite_schema\". :name in the query takes its value from name=value.",
    .example =
        "lowrank query \"SELECT rank, avg(value) FROM final WHERE which='best' GROUP BY rank\"",
    .min_args = 0,
    .max_args = -1,
};
static int work(void *cfg, int argc, char **argv)
{
    return query(cfg, argc, argv);
}

static int run(int argc, char **argv)
{
    return opt_command(&usage, look_list_opts, sizeof(struct look), work, argc, argv);
}

const struct cmd cmd_query = { "query", "look", "answer an SQL query on the results", run };
