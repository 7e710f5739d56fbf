-- claim: two sides of a study paired by seed; a=, b= are JSON objects of recipe keys; match=, by= are keys; pick_a=, pick_b=, metric=
WITH t AS ( -- the last evaluation, of runs that are apart the chosen one, because only its predictions are stored
    SELECT s.plan_id, s.metric, iif(s.which IN ('test', 'test_best'), 'test', 'last') AS which,
           json_patch(coalesce(json_extract(w.spec, '$.axes'), '{}'),
                      coalesce(json_extract(w.spec, '$.zip'), '{}')) AS axes
      FROM study s JOIN sweep w ON w.sweep_id = s.sweep_id WHERE s.study = :study),
u AS MATERIALIZED ( -- the runs of the newest plan; a task that lacks the study's metric shows its own
    SELECT sr.point, sr.trial, sr.ordinal, r.run_id, r.cell_key, r.model, r.task, r.seed, r.state, r.config, r.apart,
           iif(r.apart, 'chosen', t.which) AS which,
           (SELECT max(a.trainable - a.trainable_head) FROM attempt a WHERE a.run_id = r.run_id) AS trained,
           coalesce((SELECT x.metric_id FROM result x JOIN metric_name m ON m.metric_id = x.metric_id
                      WHERE x.run_id = r.run_id AND x.which = iif(r.apart, 'chosen', t.which)
                        AND m.name = coalesce(:metric, t.metric)),
                    (SELECT x.metric_id FROM result x
                      WHERE x.run_id = r.run_id AND x.which = iif(r.apart, 'chosen', t.which) AND x.ordinal = 0)) AS metric_id
      FROM t CROSS JOIN sweep_run sr ON sr.plan_id = t.plan_id CROSS JOIN run r ON r.run_id = sr.run_id),
v AS MATERIALIZED (
    SELECT u.*, x.value, d.value * iif(m.goal = 'min', -1, 1) AS dev, m.name AS metric, m.goal, m.percent
      FROM u
      LEFT JOIN metric_name m ON m.metric_id = u.metric_id
      LEFT JOIN result x ON x.run_id = u.run_id AND x.which = u.which AND x.metric_id = u.metric_id
                            AND u.state = 'done'
      LEFT JOIN result d ON d.run_id = u.run_id AND d.which = iif(u.apart, 'select_best', 'last')
                            AND d.metric_id = u.metric_id
                            AND u.state = 'done'),
c AS MATERIALIZED ( -- a row for each trial; those that lost a seed are chosen last, before them those with fewer seeds
    SELECT *, row_number() OVER (PARTITION BY point ORDER BY n = 0, lost, -n, -score, ordinal) AS choice,
           count(*) OVER w AS trials, max(unrun) OVER w AS waits
      FROM (SELECT model, task, point, trial, cell_key, min(ordinal) AS ordinal, max(config) AS config,
                   avg(dev) AS score, count(value) AS n, sum(state = 'diverged') > 0 AS lost,
                   sum(state IN ('done', 'diverged')) = 0 AS unrun, max(trained) AS trained
              FROM v GROUP BY cell_key)
    WINDOW w AS (PARTITION BY point)),
side AS (
    SELECT 'a' AS side, :a AS keys, coalesce(:pick_a, 'each') AS pick UNION ALL
    SELECT 'b', :b, coalesce(:pick_b, 'each')),
p AS MATERIALIZED ( -- the cells of each side, as their best trials
    SELECT side.side, side.pick, c.*,
           (SELECT group_concat(m.value || '=' || coalesce(json_extract(c.config, '$.' || m.value), '-'), ' ')
              FROM json_each(coalesce(:match, '[]')) m) AS matched,
           iif(side.pick = 'each', c.cell_key, coalesce(json_extract(c.config, '$.' || :by), '')) AS grp
      FROM side CROSS JOIN c
     WHERE c.choice = 1 AND side.keys IS NOT NULL
       AND NOT EXISTS (
           SELECT 1 FROM json_each(side.keys) f
            WHERE NOT EXISTS (
                SELECT 1 FROM json_each(iif(f.type = 'array', f.value, json_array(f.value))) w,
                              (SELECT json_extract(c.config, '$.' || f.key) AS has)
                 WHERE replace(replace(replace(CAST(has AS TEXT), '["', ''), '"]', ''), '","', ',') = w.value
                    OR (typeof(has) IN ('integer', 'real') AND has = CAST(w.value AS REAL))))),
extreme AS MATERIALIZED ( -- the largest and the smallest are chosen first; "best" chooses among the others
    SELECT *, row_number() OVER (w ORDER BY trained IS NULL, iif(pick = 'smallest', trained, -trained), ordinal) AS place,
           iif(pick = 'each', waits AND trials > 1, max(waits) OVER w) AS unsure, 1 AS tried
      FROM p WHERE pick <> 'best'
    WINDOW w AS (PARTITION BY side, model, task, matched, grp)),
chosen AS MATERIALIZED (
    SELECT * FROM extreme WHERE place = 1
    UNION ALL
    SELECT * FROM (
        SELECT *, row_number() OVER (w ORDER BY n = 0, lost, -n, -score, ordinal) AS place,
               max(waits) OVER w AS unsure, count(*) OVER w AS tried
          FROM p
         WHERE pick = 'best' AND NOT EXISTS (SELECT 1 FROM extreme e WHERE e.place = 1 AND e.pick <> 'each'
                                                AND e.side <> p.side AND e.cell_key = p.cell_key)
        WINDOW w AS (PARTITION BY side, model, task, matched, grp))
     WHERE place = 1),
pair AS MATERIALIZED (
    SELECT a.*, b.cell_key AS b_cell, b.config AS b_config, b.trained AS b_trained, b.ordinal AS b_ordinal,
           b.point AS b_point, b.trials AS b_trials, b.trial AS b_trial, b.tried AS b_tried, b.unsure AS b_unsure
      FROM chosen a JOIN chosen b ON a.side = 'a' AND b.side = 'b' AND a.model = b.model AND a.task = b.task
                                     AND a.matched IS b.matched AND a.cell_key <> b.cell_key),
named AS (
    SELECT pair.*,
           (SELECT group_concat(k.key || '=' || coalesce(json_extract(config, '$.' || k.key), '-'), ' ')
              FROM t, json_each(t.axes) k
             WHERE k.key NOT IN ('task', 'model', 'seed')
               AND json_extract(config, '$.' || k.key) IS NOT json_extract(b_config, '$.' || k.key)) AS a_name,
           (SELECT group_concat(k.key || '=' || coalesce(json_extract(b_config, '$.' || k.key), '-'), ' ')
              FROM t, json_each(t.axes) k
             WHERE k.key NOT IN ('task', 'model', 'seed')
               AND json_extract(config, '$.' || k.key) IS NOT json_extract(b_config, '$.' || k.key)) AS b_name
      FROM pair),
grid AS MATERIALIZED ( -- the smallest and the largest value that was tried of each nuisance key
    SELECT c.point, k.key, min(k.value) AS least, max(k.value) AS most
      FROM c, json_each(c.trial) k WHERE typeof(k.value) IN ('integer', 'real') GROUP BY c.point, k.key),
edge AS MATERIALIZED ( -- sides whose best trial has such a value
    SELECT s.point, min('the best ' || k.key || ' of ' || s.name || ' is the '
                        || iif(k.value = g.least, 'smallest', 'largest') || ' tried, ' || k.value) AS says
      FROM (SELECT point, trial, coalesce(a_name, 'a') AS name FROM named
             UNION SELECT b_point, b_trial, coalesce(b_name, 'b') FROM named) s, json_each(s.trial) k
      JOIN grid g ON g.point = s.point AND g.key = k.key AND g.least < g.most AND k.value IN (g.least, g.most)
     GROUP BY s.point
    UNION ALL -- a search says so itself
    SELECT DISTINCT u.point, 'the choice is at an edge (' || u.edge || ')'
      FROM t JOIN tuning u ON u.plan_id = t.plan_id WHERE u.outcome = 'chosen' AND u.edge IS NOT NULL),
both AS MATERIALIZED ( -- a row for each unit
    SELECT n.*, x.seed, x.value, y.value AS ref, x.run_id AS run, y.run_id AS ref_run, x.state, y.state AS ref_state,
           x.metric, x.metric_id, x.goal, x.percent, x.which, x.apart, coalesce(json_extract(x.config, '$.report'), 'dev') AS report,
           json_extract(x.config, '$.dev_n') = 0 OR (x.which = 'chosen' AND json_extract(x.config, '$.report') = 'test'
               AND json_extract(x.config, '$.report_curve') IS NULL) AS whole,
           n.trials > 1 OR n.b_trials > 1 OR EXISTS (
               SELECT 1 FROM t JOIN tuning u ON u.plan_id = t.plan_id AND u.run_id IN (x.run_id, y.run_id)) AS tuned
      FROM named n JOIN v x ON x.cell_key = n.cell_key
      LEFT JOIN v y ON y.cell_key = n.b_cell AND y.seed = x.seed),
again AS MATERIALIZED ( -- of both runs of a unit, what 'lowrank reevaluate' scored on all examples of the same file
    SELECT n.model, n.task, n.metric, n.run, n.ref_run, a.adapter, a.split, x.value, y.value AS ref,
           CASE WHEN a.split = 'test' AND a.adapter = 'chosen' THEN 1 -- the order in which they are preferred
                WHEN a.split = 'test' THEN 2
                WHEN a.adapter = iif(n.apart, 'chosen', 'last') THEN 3 END AS preference -- what dev chose is not judged on dev
      FROM (SELECT DISTINCT model, task, metric, metric_id, run, ref_run, apart FROM both
             WHERE value IS NOT NULL AND ref IS NOT NULL) n
      CROSS JOIN evaluation a ON a.run_id = n.run AND a.n = 0
      CROSS JOIN evaluation b ON b.run_id = n.ref_run AND b.adapter = a.adapter AND b.split = a.split AND b.n = 0
                             AND b.sha256 = a.sha256
      CROSS JOIN evaluation_value x ON x.evaluation_id = a.evaluation_id AND x.metric_id = n.metric_id
      CROSS JOIN evaluation_value y ON y.evaluation_id = b.evaluation_id AND y.metric_id = n.metric_id
     WHERE x.value IS NOT NULL AND y.value IS NOT NULL),
used AS MATERIALIZED ( -- the first kind that all finished units of a model and task have; else the runs' own numbers count
    SELECT model, task, min(preference) AS preference
      FROM (SELECT model, task, preference, count(*) AS n FROM again WHERE preference IS NOT NULL GROUP BY model, task, preference)
      JOIN (SELECT model, task, count(*) AS n
              FROM (SELECT DISTINCT model, task, run, ref_run FROM both WHERE value IS NOT NULL AND ref IS NOT NULL)
             GROUP BY model, task) USING(model, task, n)
     GROUP BY model, task),
said AS MATERIALIZED (
    SELECT n.*, r.adapter,
           coalesce(r.split, iif(n.which = 'test', 'test', n.report)) AS split,
           CASE r.preference WHEN 1 THEN 'reevaluated test' WHEN 2 THEN 'reevaluated test (last)' WHEN 3 THEN 'reevaluated dev'
                             ELSE n.which END AS kind,
           coalesce(r.value, n.value) AS now, coalesce(r.ref, n.ref) AS ref_now
      FROM both n LEFT JOIN used USING(model, task)
      LEFT JOIN again r ON r.run = n.run AND r.ref_run = n.ref_run AND r.preference = used.preference),
floor AS MATERIALIZED ( -- the score of a model that has learned nothing: the share of the largest class, no correlation
    SELECT f.model, f.task, f.metric,
           CASE WHEN f.metric = 'accuracy'
                THEN (SELECT 1.0 * max(n) / sum(n) FROM (SELECT count(*) AS n FROM prediction q
                        WHERE q.run_id = f.run AND q.split = f.own GROUP BY label))
                WHEN f.metric IN ('matthews', 'pearson', 'spearman') THEN 0 END AS value,
           (SELECT max(q.example) FROM prediction q -- an example is its line in the file: about how many there are
             WHERE q.run_id = f.run AND q.split = f.own) AS rows
      FROM (SELECT model, task, metric, iif(which = 'test', 'test', report) AS own, max(run) AS run FROM both WHERE value IS NOT NULL GROUP BY model, task, metric) f)
SELECT n.model, n.task,
       replace(replace(replace(coalesce(n.a_name, 'a') || iif(n.tried > 1, ' (best of ' || n.tried || ')', '')
               || ' against ' || coalesce(n.b_name, 'b') || iif(n.b_tried > 1, ' (best of ' || n.b_tried || ')', '')
               || coalesce(' at ' || n.matched, ''), '["', ''), '"]', ''), '","', ',') AS part,
       n.seed AS unit, n.now AS value, n.ref_now AS ref, n.run, n.ref_run, n.state, n.ref_state, n.metric, n.goal, n.percent,
       n.kind AS which, n.split, n.adapter, n.tuned, n.trained, n.b_trained AS ref_trained,
       n.unsure OR n.b_unsure AS unrun, n.tried * n.b_tried AS tried, coalesce(e.says, g.says) AS edge,
       f.value AS floor, iif(n.whole OR n.adapter IS NOT NULL, 0, f.rows) AS rows
  FROM said n
  LEFT JOIN edge e ON e.point = n.point
  LEFT JOIN edge g ON g.point = n.b_point
  LEFT JOIN floor f ON f.model = n.model AND f.task = n.task AND f.metric = n.metric
 ORDER BY n.model, n.task, n.ordinal, n.b_ordinal, n.seed;
