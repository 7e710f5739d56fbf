/* cmd_status.c - "lowrank status": the progress of each study, what is running, what failed and
 * why. */
#include "core/cmd.h"
#include "results/query/read_options.h"
#include "results/query/recorded.h"
#include "results/query/sections.h"

/* A run whose worker is gone counts as queued: the next sweep takes it up. Runs of trials that a
 * search stopped are no work. */
static const char studies[] =
    "WITH linked AS (SELECT plan_id, run_id, 1 AS reports FROM sweep_run"
    "   UNION ALL SELECT plan_id, run_id, 0 FROM tuning t WHERE outcome <> 'stopped'"
    "   AND NOT EXISTS (SELECT 1 FROM sweep_run sr WHERE sr.plan_id = t.plan_id"
    "   AND sr.run_id = t.run_id)),"
    " c AS (SELECT w.sweep_id, w.plan_id, w.name AS study, sum(l.reports) AS runs,"
    " sum(l.reports AND r.state = 'done') AS done,"
    " sum(l.reports AND r.state = 'diverged') AS diverged, sum(r.state = 'failed') AS failed,"
    " sum(r.state = 'running' AND NOT owner_stale(r.owner, r.lease, r.lease_boot)) AS running,"
    " sum(iif(r.state = 'running', owner_stale(r.owner, r.lease, r.lease_boot),"
    "   r.state = 'queued')) AS queued,"
    " nullif(round(sum(iif(r.state IN ('queued', 'running'), r.cost, 0)) / 3600, 2), 0)"
    "   AS hours_left"
    " FROM sweep w CROSS JOIN linked l ON l.plan_id = w.plan_id"
    " CROSS JOIN run r ON r.run_id = l.run_id"
    " WHERE :study IS NULL OR w.name = :study GROUP BY w.sweep_id),"
    " arms AS (SELECT plan_id, count(*) AS arms, sum(chosen) AS chosen"
    "   FROM (SELECT plan_id, point, max(outcome = 'chosen') AS chosen"
    "   FROM tuning GROUP BY plan_id, point) GROUP BY plan_id)"
    " SELECT study, CASE WHEN a.arms IS NULL THEN NULL"
    "   WHEN a.chosen < a.arms THEN printf('tuning: %d of %d arms chosen', a.chosen, a.arms)"
    "   WHEN done < runs THEN 'reporting' ELSE 'complete' END AS search,"
    " runs, done, diverged, failed, running, queued, hours_left"
    " FROM c LEFT JOIN arms a USING(plan_id) ORDER BY sweep_id";

static const char outside[] =
    "SELECT state, count(*) AS runs FROM run r WHERE :study IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM sweep_run sr JOIN sweep w ON w.plan_id = sr.plan_id"
    " WHERE sr.run_id = r.run_id)"
    " AND NOT EXISTS (SELECT 1 FROM tuning t JOIN sweep w ON w.plan_id = t.plan_id"
    " WHERE t.run_id = r.run_id) GROUP BY state";

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

static int print_status(struct store *s, enum rows_format format, const char *study)
{
    char now[32];
    const char *params[] = { "study", study, NULL }, *both[] = { "study", study, "now", now, NULL };
    struct sections o;

    snprintf(now, sizeof now, "%.0f", now_wall());
    sections_begin(&o, s, format);
    if (sections_add(&o, "studies", "no study has been planned yet", studies, params) != 0 ||
        sections_add(&o, "runs outside the newest plans", NULL, outside, params) != 0 ||
        sections_add(&o, "running", NULL, running, both) != 0 ||
        sections_add(&o, "failed or diverged", NULL, failed, params) != 0)
        return -1;
    return sections_end(&o);
}

static int status_work(void *cfg, int argc, char **argv)
{
    const struct read_options *o = cfg;
    const char *study = argc > 1 ? argv[1] : NULL;
    struct store *s;

    if (read_options_open(&s, o) != 0)
        return -1;
    int rc = study ? recorded_check_study(s, study) : 0;
    if (rc == 0)
        rc = print_status(s, (enum rows_format)o->format, study);
    store_close(s);
    return rc;
}

static const struct opt_usage usage = {
    .command = "status",
    .usage = "[STUDY]",
    .about = "Show the progress of each study, what is running, and what failed and why.",
    .example = "lowrank status rank",
    .min_args = 0,
    .max_args = 1,
};
static int status_main(int argc, char **argv)
{
    return opt_command(&usage, read_options, sizeof(struct read_options), status_work, argc, argv);
}

const struct cmd cmd_status = { "status", "look", "progress of each study, what runs, what failed",
                                status_main };
