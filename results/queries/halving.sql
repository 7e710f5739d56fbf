-- what successive halving would have chosen on full grids of at least four trials, as searches without halving and studies over lr leave them; costs in epochs; "behind" is how much worse its choice ends, "noise" the standard error of that difference over seeds
-- make: lowrank sweep lr
-- shows: all
WITH RECURSIVE linked AS (
    SELECT w.name AS study, sr.run_id, '{}' AS trial, NULL AS point FROM sweep w JOIN sweep_run sr USING(plan_id)
     WHERE NOT EXISTS (SELECT 1 FROM tuning t WHERE t.plan_id = w.plan_id)
    UNION ALL
    SELECT w.name, t.run_id, t.trial, t.point FROM sweep w JOIN tuning t USING(plan_id)),
r AS MATERIALIZED (
    SELECT l.study, l.run_id, r.seed, r.state, r.epochs, r.task, json_extract(r.config, '$.best_by') AS metric,
           iif(l.point IS NULL, json_remove(r.config, '$.lr', '$.seed'), l.point) AS arm, l.point IS NOT NULL AS searched,
           iif(l.point IS NULL, json_object('lr', r.lr), l.trial) AS trial,
           iif(json_extract(r.config, '$.select') IS NULL, 'dev', 'select') AS split
      FROM linked l JOIN run r ON r.run_id = l.run_id
     WHERE r.epochs > 1 AND (:study IS NULL OR l.study = :study)),
best AS MATERIALIZED ( -- of a run, after each epoch; more is better
    SELECT r.study, r.arm, r.trial, r.run_id, row_number() OVER w AS epoch,
           max(c.value * iif(m.goal = 'min', -1, 1)) OVER w AS best
      FROM r JOIN curves c ON c.run_id = r.run_id AND c.metric = r.metric AND c.split = r.split
      JOIN metric_name m ON m.name = r.metric
    WINDOW w AS (PARTITION BY r.study, r.arm, r.run_id ORDER BY c.step)),
whole AS ( -- runs that were evaluated once in every epoch, or diverged
    SELECT r.*, r.state = 'diverged' OR (r.state = 'done' AND n.n = r.epochs) AS whole
      FROM r LEFT JOIN (SELECT study, arm, run_id, max(epoch) AS n FROM best GROUP BY study, arm, run_id) n
             ON n.study = r.study AND n.arm = r.arm AND n.run_id = r.run_id),
arm AS MATERIALIZED (
    SELECT study, arm, min(run_id) AS any_run, min(searched) AS searched, min(task) AS task, max(epochs) AS epochs,
           count(DISTINCT trial) AS trials, count(DISTINCT seed) AS seeds
      FROM whole GROUP BY study, arm
    HAVING min(whole) = 1 AND count(DISTINCT trial) > 3 AND min(epochs) = max(epochs)),
score AS MATERIALIZED ( -- of a trial after each epoch that all of its seeds reached; place: its rank among all trials
    SELECT b.study, b.arm, b.trial, b.epoch, avg(b.best) AS mean,
           row_number() OVER (PARTITION BY b.study, b.arm, b.epoch
                              ORDER BY avg(b.best) DESC, (SELECT value FROM json_each(b.trial) LIMIT 1), b.trial) AS place,
           (sum(b.best * b.best) - sum(b.best) * avg(b.best)) / (count(*) - 1) AS var
      FROM best b JOIN arm a USING(study, arm)
     GROUP BY b.study, b.arm, b.trial, b.epoch HAVING count(b.best) = max(a.seeds)),
size(study, arm, k, n) AS ( -- trials at the beginning of each rung: the better half goes on, at least two of them
    SELECT study, arm, 0, trials FROM arm
    UNION ALL
    SELECT s.study, s.arm, k + 1, (n + 1) / 2 FROM size s JOIN arm a USING(study, arm)
     WHERE k + 1 < a.epochs AND (n + 1) / 2 < n AND ((n + 1) / 2 > 1 OR k = 0)),
rung AS MATERIALIZED ( -- up to which epoch each rung trains, and how many trials are left after it
    SELECT s.study, s.arm, s.k, coalesce(lead(s.n) OVER w, 1) AS keep, max(a.epochs >> (count(*) OVER w2 - 1 - s.k), s.k + 1) AS until
      FROM size s JOIN arm a USING(study, arm)
    WINDOW w AS (PARTITION BY s.study, s.arm ORDER BY s.k), w2 AS (PARTITION BY s.study, s.arm)),
walk(study, arm, k, trials_left, cost, until) AS (
    SELECT study, arm, 0, (SELECT json_group_array(DISTINCT trial) FROM score s WHERE s.study = a.study AND s.arm = a.arm), 0, 0
      FROM arm a
    UNION ALL
    SELECT w.study, w.arm, w.k + 1,
           (SELECT json_group_array(trial) FROM (
               SELECT s.trial, row_number() OVER (ORDER BY s.place) AS n FROM score s
                WHERE s.study = w.study AND s.arm = w.arm AND s.epoch = g.until
                  AND s.trial IN (SELECT value FROM json_each(w.trials_left))
                ORDER BY s.place) WHERE n <= g.keep),
           w.cost + (g.until - w.until) * iif(w.k = 0, a.trials, json_array_length(w.trials_left)), g.until
      FROM walk w JOIN rung g ON g.study = w.study AND g.arm = w.arm AND g.k = w.k
      JOIN arm a ON a.study = w.study AND a.arm = w.arm),
ended AS ( -- the choice of halving beside that of the full grid
    SELECT a.*, w.cost, h.trial AS chosen, f.trial AS full, f.mean - h.mean AS behind,
           sqrt(2 * (SELECT avg(var) FROM score v WHERE v.study = a.study AND v.arm = a.arm AND v.epoch = a.epochs) / a.seeds) AS noise
      FROM arm a
      JOIN walk w ON w.study = a.study AND w.arm = a.arm AND w.until = a.epochs AND json_array_length(w.trials_left) = 1
      JOIN score h ON h.study = a.study AND h.arm = a.arm AND h.epoch = a.epochs AND h.trial = json_extract(w.trials_left, '$[0]')
      JOIN score f ON f.study = a.study AND f.arm = a.arm AND f.epoch = a.epochs AND f.place = 1)
SELECT e.study, e.task, c.method, c.targets, c.rank, e.trials, e.epochs, e.seeds, e.cost, e.trials * e.epochs AS full_cost,
       round(100.0 * e.cost / (e.trials * e.epochs), 1) AS "cost %", e.chosen, e.full AS best_of_grid,
       round(e.behind, 4) AS behind, round(e.noise, 4) AS noise,
       CASE WHEN e.chosen = e.full THEN 'same' WHEN e.behind <= e.noise THEN 'within noise' ELSE 'worse' END AS choice
  FROM ended e JOIN run r ON r.run_id = e.any_run LEFT JOIN cell c ON c.cell_id = r.cell_id
 ORDER BY e.study, e.task, c.method, c.targets, c.rank;
