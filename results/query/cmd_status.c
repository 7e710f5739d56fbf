/* cmd_status.c - "lowrank status": the progress of each study, what is running, what failed and
 * why. */
#include "core/cmd.h"
#include "results/query/query.h"
#include "results/query/read_options.h"
#include "results/query/recorded.h"
#include "results/query/sections.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Runs that no plan has, not even an earlier one. */
static const char outside[] =
    "SELECT state, count(*) AS runs FROM run r WHERE :study IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM sweep_run sr WHERE sr.run_id = r.run_id)"
    " AND NOT EXISTS (SELECT 1 FROM tuning t WHERE t.run_id = r.run_id) GROUP BY state";

enum { WATCH_S = 2 };
struct status_options {
    struct read_options read; /* first, because its option macros expect it there */
    bool watch, archived;
};
static const struct opt options[] = {
    HOME_OPTION(struct read_options),
    FORMAT_OPTION(struct read_options),
    { "watch", 0, OPT_BOOL, offsetof(struct status_options, watch), NULL, 0, 0, NULL,
      "print it again every two seconds, until nothing is running" },
    { "archived", 0, OPT_BOOL, offsetof(struct status_options, archived), NULL, 0, 0, NULL,
      "also the studies that were put away" },
    { .type = OPT_END },
};

#define IN_STUDY                                                                                   \
    " AND (:study IS NULL OR EXISTS (SELECT 1 FROM sweep w JOIN (SELECT plan_id, run_id"           \
    " FROM sweep_run UNION ALL SELECT plan_id, run_id FROM tuning) sr"                             \
    " ON sr.plan_id = w.plan_id WHERE w.name = :study AND sr.run_id = r.run_id))"
#define WHAT " r.task, r.method, r.targets, r.rank, r.lr, r.seed"

/* The remaining time is estimated from finished runs of the same cell, else from the plan. */
static const char running[] =
    "SELECT substr(r.run_key, 1, 8) AS run," WHAT ", r.attempts AS attempt, a.step,"
    " round(:now - a.started) AS age_s, round(:now - a.heartbeat) AS silent_s,"
    " round(max(0, coalesce((SELECT avg(b.wall_s) FROM run o JOIN attempt b ON b.run_id = o.run_id"
    "   WHERE o.cell_key = r.cell_key AND o.state = 'done' AND b.outcome = 'done'),"
    "   nullif(r.cost, 0)) - (:now - a.started))) AS eta_s,"
    " iif(owner_stale(r.owner, r.lease, r.lease_boot), 'worker is gone', '') AS note"
    " FROM run r LEFT JOIN attempt a ON a.run_id = r.run_id AND a.attempt = r.attempts"
    " WHERE r.state = 'running'" IN_STUDY " ORDER BY a.started";

static const char failed[] =
    "SELECT substr(r.run_key, 1, 8) AS run, r.state," WHAT
    ", r.attempts AS attempts, a.last_step AS step,"
    " a.error FROM run r LEFT JOIN attempt a ON a.run_id = r.run_id AND a.attempt = r.attempts"
    " WHERE r.state IN ('failed', 'diverged')" IN_STUDY
    " ORDER BY r.state DESC, a.ended DESC LIMIT 100";

/* People read the states in one column. The caller frees it. */
static char *studies_sql(enum rows_format f)
{
    const char *sql = query_find("cmd_status");
    bool people = f != ROWS_CSV && f != ROWS_JSON;

    return xprintf("SELECT study, search, runs, done, %s, minutes_left FROM (%.*s)",
                   people ? "others" : "excluded, diverged, failed, running, queued",
                   (int)(strrchr(sql, ';') - sql), sql);
}

static int print_status(struct store *s, const struct status_options *o, const char *study)
{
    char now[32];
    const char *params[] = { "study", study, NULL }, *both[] = { "study", study, "now", now, NULL },
               *which[] = { "study", study, "archived", o->archived ? "1" : "0", NULL };
    struct sections t;

    snprintf(now, sizeof now, "%.0f", now_wall());
    sections_begin(&t, s, (enum rows_format)o->read.format);
    char *sql = studies_sql((enum rows_format)o->read.format);
    int rc = sections_add(&t, "studies", "no study has been planned yet", sql, which);
    free(sql);
    if (rc != 0 ||
        sections_add(&t,
                     "runs of earlier plans, in no table ('lowrank remove STUDY --old' removes "
                     "them)",
                     NULL, query_find("cmd_status_old"), params) != 0 ||
        sections_add(&t, "runs in no study", NULL, outside, params) != 0 ||
        sections_add(&t, "running", NULL, running, both) != 0 ||
        sections_add(&t, "failed or diverged", NULL, failed, params) != 0)
        return -1;
    return sections_end(&t);
}

/* How many runs are running, or -1. */
static long count_running(struct store *s, const char *study)
{
    const char *params[] = { "study", study, "archived", "1", NULL };
    struct rows r;
    long n = 0;

    if (query_named(s, &r, "cmd_status", params) != 0)
        return -1;
    for (int i = 0; i < r.n_rows; i++)
        n += strtol(rows_get(&r, i, "running"), NULL, 10);
    rows_free(&r);
    return n;
}

/* Again and again, until nothing is running any more or somebody stops it. */
static int watch_status(struct store *s, const struct status_options *o, const char *study)
{
    bool screen = isatty(STDOUT_FILENO);

    for (bool first = true; !stop_requested(); first = false) {
        fputs(screen ? "\033[H\033[2J" : first ? "" : "\n", stdout);
        if (print_status(s, o, study) != 0)
            return -1;
        long n = count_running(s, study);
        if (n <= 0)
            return n < 0 ? -1 : 0;
        for (int i = 0; i < 10 * WATCH_S && !stop_requested(); i++)
            usleep(100000);
    }
    return 0;
}

static int status_work(void *cfg, int argc, char **argv)
{
    const struct status_options *o = cfg;
    const char *study = argc > 1 ? argv[1] : NULL;
    struct store *s;

    if (read_options_open(&s, &o->read) != 0)
        return -1;
    int rc = study ? recorded_check_study(s, study) : 0;
    if (rc == 0)
        rc = o->watch ? watch_status(s, o, study) : print_status(s, o, study);
    store_close(s);
    return rc;
}

static const struct opt_usage usage = {
    .command = "status",
    .usage = "[STUDY]",
    .about = "Show the progress of each study, what is running, and what failed and why.",
    .detail =
        "When a study is planned with other settings than before, its earlier runs are kept, but\n"
        "its tables show the newest plan alone; what they had instead is listed apart.",
    .example = "lowrank status rank --watch",
    .min_args = 0,
    .max_args = 1,
};
static int status_main(int argc, char **argv)
{
    return opt_command(&usage, options, sizeof(struct status_options), status_work, argc, argv);
}

const struct cmd cmd_status = { "status", "look", "progress of each study, what runs, what failed",
                                status_main };
