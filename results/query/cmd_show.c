/* cmd_show.c - "lowrank show": everything about one run, or about one cell and its runs. */
#include "core/cmd.h"
#include "results/query/found.h"
#include "results/query/query.h"
#include "results/query/read_options.h"
#include "results/query/sections.h"

struct section {
    const char *title, *sql;
};
static const struct section of_run[] = {
    { "run",
      "SELECT key8 AS run, substr(cell_key, 1, 8) AS cell, state, study, attempts, trainable,"
      " wall_s, round(tokens_per_s) AS tokens_per_s, round(peak_rss_mb, 1) AS peak_rss_mb, run_key"
      " FROM runs WHERE run_key = :key" },
    { "excluded",
      "SELECT reason, was AS state, excluded AS at FROM excluded WHERE run_key = :key" },
    { "notes", "SELECT text AS note, written FROM notes"
               " WHERE run_id = (SELECT run_id FROM run WHERE run_key = :key) ORDER BY note_id" },
    { "tags", "SELECT tag FROM tags"
              " WHERE run_id = (SELECT run_id FROM run WHERE run_key = :key) ORDER BY tag" },
    { "config", "SELECT j.key, j.atom AS value FROM run r, json_each(r.config) j"
                " WHERE r.run_key = :key ORDER BY j.key" },
    /* for a shell: a value with other characters is quoted */
    { "again", "SELECT 'lowrank run --again ' || group_concat(key || '=' ||"
               " iif(value GLOB '*[^A-Za-z0-9_.,/:@+-]*',"
               "   '''' || replace(value, '''', '''\\''''') || '''', value), ' ') AS command"
               " FROM (SELECT iif(j.key = 'task.file', 'task', j.key) AS key,"
               "   iif(j.type IN ('true', 'false'), j.type, CAST(j.value AS TEXT)) AS value"
               "   FROM run r, json_each(r.config) j"
               "   WHERE r.run_key = :key AND j.atom IS NOT NULL AND j.value <> ''"
               "     AND NOT (j.key = 'task' AND r.config ->> '$.\"task.file\"' IS NOT NULL)"
               "   ORDER BY j.key)"
               " HAVING NOT EXISTS (SELECT 1 FROM run_input i JOIN run r ON r.run_id = i.run_id"
               "   WHERE r.run_key = :key AND i.role = 'imported')" },
    /* the adapter of another program */
    { "again",
      "SELECT 'lowrank import ' || group_concat(iif(word GLOB '*[^A-Za-z0-9_.,/:@+-]*',"
      "   '''' || replace(word, '''', '''\\''''') || '''', word), ' ') AS command"
      " FROM (SELECT w.value AS word"
      "   FROM runs r JOIN run_input i ON i.run_id = r.run_id AND i.role = 'imported',"
      "   json_each(json_array(substr(i.path, 1, length(i.path) -"
      "     length('/adapter_model.safetensors')), '--model', r.model,"
      "     iif(r.task IS NULL, NULL, '--task'), r.task,"
      "     iif(instr(r.study, ' '), NULL, '--study'), iif(instr(r.study, ' '), NULL, r.study),"
      "     '--seed', r.seed)) w"
      "   WHERE r.run_key = :key AND w.value IS NOT NULL)"
      " HAVING count(*) > 0" },
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

static int print_sections(struct store *s, enum rows_format f, const struct found *found)
{
    const char *params[] = { "key", found->name, NULL };
    const struct section *sec = found->kind == FOUND_RUN ? of_run : of_cell;
    struct sections o;

    sections_begin(&o, s, f);
    for (; sec->title; sec++)
        if (sections_add(&o, sec->title, NULL, sec->sql, params) != 0)
            return -1;
    return sections_end(&o);
}

static int find_and_show(const struct read_options *o, const char *word)
{
    struct store *s = NULL;
    struct found found = { 0 };
    int rc = -1;

    if (read_options_open(&s, o) == 0 && found_read(&found, s, word, FOUND_RUN | FOUND_CELL) == 0)
        rc = print_sections(s, (enum rows_format)o->format, &found);
    found_free(&found);
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
