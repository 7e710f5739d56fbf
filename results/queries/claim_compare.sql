-- claim: two sides of a study paired by seed; a=, b= are JSON objects of recipe keys; match=, by= are keys; pick_a=, pick_b=, metric=
WITH t AS ( -- the last evaluation, because only its predictions are stored
    SELECT s.plan_id, s.metric, iif(s.which IN ('test', 'test_best'), 'test', 'last') AS which,
           json_patch(coalesce(json_extract(w.spec, '$.axes'), '{}'),
                      coalesce(json_extract(w.spec, '$.zip'), '{}')) AS axes
      FROM study s JOIN sweep w ON w.sweep_id = s.sweep_id WHERE s.study = :study),
u AS MATERIALIZED ( -- the runs of the newest plan; a task that lacks the study's metric shows its own
    SELECT sr.point, sr.trial, sr.ordinal, r.run_id, r.cell_key, r.model, r.task, r.seed, r.state, r.config, t.which,
           (SELECT max(a.trainable - a.trainable_head) FROM attempt a WHERE a.run_id = r.run_id) AS trained,
           coalesce((SELECT x.metric_id FROM result x JOIN metric_name m ON m.metric_id = x.metric_id
                      WHERE x.run_id = r.run_id AND x.which = t.which AND m.name = coalesce(:metric, t.metric)),
                    (SELECT x.metric_id FROM result x
                      WHERE x.run_id = r.run_id AND x.which = t.which AND x.ordinal = 0)) AS metric_id
      FROM t CROSS JOIN sweep_run sr ON sr.plan_id = t.plan_id CROSS JOIN run r ON r.run_id = sr.run_id),
v AS MATERIALIZED (
    SELECT u.*, x.value, d.value * iif(m.goal = 'min', -1, 1) AS dev, m.name AS metric, m.goal, m.percent
      FROM u
      LEFT JOIN metric_name m ON m.metric_id = u.metric_id
      LEFT JOIN result x ON x.run_id = u.run_id AND x.which = u.which AND x.metric_id = u.metric_id
                            AND u.state = 'done'
      LEFT JOIN result d ON d.run_id = u.run_id AND d.which = 'last' AND d.metric_id = u.metric_id
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
           b.point AS b_point, b.trial AS b_trial, b.tried AS b_tried, b.unsure AS b_unsure
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
     GROUP BY s.point),
floor AS MATERIALIZED ( -- the score of a model that has learned nothing: the share of the largest class, no correlation
    SELECT f.task, f.metric,
           CASE WHEN f.metric = 'accuracy'
                THEN (SELECT 1.0 * max(n) / sum(n)
                        FROM (SELECT count(*) AS n FROM prediction q
                               WHERE q.run_id = f.run_id AND q.split = iif(f.which = 'test', 'test', 'dev') GROUP BY label))
                WHEN f.metric IN ('matthews', 'pearson', 'spearman') THEN 0 END AS value,
           (SELECT max(q.example) FROM prediction q -- an example is its line in the file: about how many there are
             WHERE q.run_id = f.run_id AND q.split = iif(f.which = 'test', 'test', 'dev')) AS rows
      FROM (SELECT task, metric, which, max(run_id) AS run_id FROM v WHERE value IS NOT NULL GROUP BY task, metric) f)
SELECT n.model, n.task,
       replace(replace(replace(coalesce(n.a_name, 'a') || iif(n.tried > 1, ' (best of ' || n.tried || ')', '')
               || ' against ' || coalesce(n.b_name, 'b') || iif(n.b_tried > 1, ' (best of ' || n.b_tried || ')', '')
               || coalesce(' at ' || n.matched, ''), '["', ''), '"]', ''), '","', ',') AS part,
       x.seed AS unit, x.value, y.value AS ref, x.run_id AS run, y.run_id AS ref_run, x.state,
       y.state AS ref_state, x.metric, x.goal, x.percent, x.which,
       iif(x.which = 'test', 'test', 'dev') AS split, n.trained, n.b_trained AS ref_trained,
       n.unsure OR n.b_unsure AS unrun, n.tried * n.b_tried AS tried, coalesce(e.says, g.says) AS edge,
       f.value AS floor, iif(json_extract(x.config, '$.dev_n') = 0, 0, f.rows) AS rows
  FROM named n JOIN v x ON x.cell_key = n.cell_key
  LEFT JOIN v y ON y.cell_key = n.b_cell AND y.seed = x.seed
  LEFT JOIN edge e ON e.point = n.point
  LEFT JOIN edge g ON g.point = n.b_point
  LEFT JOIN floor f ON f.task = x.task AND f.metric = x.metric
 ORDER BY n.model, n.task, n.ordinal, n.b_ordinal, x.seed;
