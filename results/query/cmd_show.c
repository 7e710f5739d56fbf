/* cmd_show.c - "lowrank show": everything about one run, or about one cell and its runs. */
#include "core/base/text.h"
#include "core/cmd.h"
#include "results/query/query.h"
#include "results/query/read_options.h"
#include "results/query/sections.h"

#include <string.h>

enum { PREFIX_MIN = 4, CANDIDATES = 8 };

/* One candidate more than are listed, to know whether there are more. */
static const char find_sql[] =
    "SELECT 'run' AS kind, run_key AS key, state || ' ' || coalesce(task, '-') || ' '"
    " || coalesce(method, '-') || coalesce(' rank ' || rank, '') || coalesce(' ' || targets, '')"
    " || coalesce(' seed ' || seed, '') AS what"
    " FROM run WHERE run_key >= :p AND run_key < :p || 'g'"
    " UNION ALL SELECT 'cell', cell_key, count(*) || ' runs' FROM run"
    " WHERE cell_key >= :p AND cell_key < :p || 'g' GROUP BY cell_key LIMIT 9";

struct section {
    const char *title, *sql;
};
static const struct section of_run[] = {
    { "run",
      "SELECT key8 AS run, substr(cell_key, 1, 8) AS cell, state, study, attempts, trainable,"
      " wall_s, round(tokens_per_s) AS tokens_per_s, round(peak_rss_mb, 1) AS peak_rss_mb, run_key"
      " FROM runs WHERE run_key = :key" },
    { "config", "SELECT j.key, j.atom AS value FROM run r, json_each(r.config) j"
                " WHERE r.run_key = :key ORDER BY j.key" },
    /* for a shell: a value with other characters is quoted */
    { "again",
      "SELECT 'lowrank run --again ' || group_concat(key || '=' ||"
      " iif(value GLOB '*[^A-Za-z0-9_.,/:@+-]*',"
      "   '''' || replace(value, '''', '''\\''''') || '''', value), ' ') AS command"
      " FROM (SELECT j.key,"
      "   iif(j.type IN ('true', 'false'), j.type, CAST(j.value AS TEXT)) AS value"
      "   FROM run r, json_each(r.config) j"
      "   WHERE r.run_key = :key AND j.atom IS NOT NULL AND j.value <> '' ORDER BY j.key)" },
    { "attempts",
      "SELECT attempt, outcome, started, ended, resumed_step, last_step,"
      " round(wall_s, 1) AS wall_s, round(peak_rss_mb, 1) AS peak_rss_mb,"
      " coalesce('unknown: ' || json_extract(env, '$.git.why'), substr(git_commit, 1, 10))"
      " AS git_commit, git_dirty, host, cpu, blas_core, exit_code,"
      " signal, error, adapter_dir FROM provenance WHERE run_key = :key ORDER BY attempt" },
    { "inputs",
      "SELECT i.role, i.path, a.bytes, substr(i.sha256, 1, 16) AS sha256 FROM run_input i"
      " JOIN run r ON r.run_id = i.run_id AND i.attempt = r.attempts"
      " JOIN artifact a ON a.sha256 = i.sha256 WHERE r.run_key = :key ORDER BY i.role, i.path" },
    { "results", "SELECT x.which, m.name AS metric, coalesce(x.value, x.nonfinite) AS value, x.step"
                 " FROM result x JOIN run r ON r.run_id = x.run_id"
                 " JOIN metric_name m ON m.metric_id = x.metric_id"
                 " WHERE r.run_key = :key ORDER BY x.which, x.ordinal" },
    { "curves",
      "SELECT split, metric, count(*) AS n, min(step) AS first_step, max(step) AS last_step,"
      " min(value) AS min, max(value) AS max, count(nonfinite) AS not_finite FROM curves"
      " WHERE run_key = :key GROUP BY split, metric ORDER BY split, metric" },
    { NULL, NULL },
};
static const struct section of_cell[] = {
    { "config",
      "SELECT j.key, j.atom AS value FROM (SELECT config FROM run WHERE cell_key = :key LIMIT 1) r,"
      " json_each(r.config) j WHERE j.key <> 'seed' ORDER BY j.key" },
    { "statistics",
      "SELECT which, metric, n, mean, sd, half, median, min, max, n_diverged, n_nan FROM cells"
      " WHERE cell_key = :key ORDER BY which, metric" },
    { "runs", "SELECT key8 AS run, seed, state, attempts, metric, best, last,"
              " round(wall_s, 1) AS wall_s, error FROM runs WHERE cell_key = :key ORDER BY seed" },
    { NULL, NULL },
};

static int check_prefix(const char *p)
{
    size_t n = strlen(p);

    if (n >= PREFIX_MIN && n <= 64 && strspn(p, "0123456789abcdef") == n)
        return 0;
    return fail(FAIL_USAGE, "'%s' must be at least %d hex digits of the key of a run or cell", p,
                PREFIX_MIN);
}

static int ambiguous(const struct rows *r, const char *prefix)
{
    struct text list = { 0 };

    for (int i = 0; i < r->n_rows && i < CANDIDATES; i++)
        text_join(&list, "; ", "%s %.12s (%s)", rows_get(r, i, "kind"), rows_get(r, i, "key"),
                  rows_get(r, i, "what"));
    if (r->n_rows > CANDIDATES)
        text_add(&list, "; ...");
    int rc = fail(FAIL_USAGE, "'%s' is ambiguous: %s", prefix, text_string(&list));
    text_free(&list);
    return rc;
}

static int print_sections(struct store *s, enum rows_format f, const struct rows *found)
{
    const char *params[] = { "key", rows_get(found, 0, "key"), NULL };
    const struct section *sec = strcmp(rows_get(found, 0, "kind"), "run") == 0 ? of_run : of_cell;
    struct sections o;

    sections_begin(&o, s, f);
    for (; sec->title; sec++)
        if (sections_add(&o, sec->title, NULL, sec->sql, params) != 0)
            return -1;
    return sections_end(&o);
}

static int find_and_show(const struct read_options *o, const char *prefix)
{
    const char *params[] = { "p", prefix, NULL };
    struct store *s = NULL;
    struct rows found = { 0 };
    int rc = -1;

    if (check_prefix(prefix) != 0 || read_options_open(&s, o) != 0 ||
        query_rows(s, &found, find_sql, params) != 0)
        goto out;
    if (found.n_rows == 0)
        fail(FAIL_USAGE, "unknown run or cell '%s'; 'lowrank query runs' lists them", prefix);
    else if (found.n_rows > 1)
        ambiguous(&found, prefix);
    else
        rc = print_sections(s, (enum rows_format)o->format, &found);
out:
    rows_free(&found);
    store_close(s);
    return rc;
}

static int show_work(void *cfg, int argc, char **argv)
{
    (void)argc;
    return find_and_show(cfg, argv[1]);
}

static const struct opt_usage usage = {
    .command = "show",
    .usage = "RUN|CELL",
    .about = "Show everything about one run, or about a cell (a configuration without its seed) "
             "and its runs.",
    .detail = "RUN and CELL are the first four or more hex digits of a key, as other commands "
              "print them.",
    .example = "lowrank show 3fa9c1d2",
    .min_args = 1,
    .max_args = 1,
};
static int show_main(int argc, char **argv)
{
    return opt_command(&usage, read_options, sizeof(struct read_options), show_work, argc, argv);
}

const struct cmd cmd_show = { "show", "look", "everything about one run or cell", show_main };
