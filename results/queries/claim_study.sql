-- claim: of a study's newest plan: its id, the measured seconds of one worker for one seed more of every cell, how many seeds every cell has on average, the day of its first run, whether that was before looks were recorded; study=
WITH r AS MATERIALIZED (
    SELECT w.plan_id, r.cell_key, r.run_id, r.state
      FROM sweep w CROSS JOIN sweep_run sr ON sr.plan_id = w.plan_id CROSS JOIN run r ON r.run_id = sr.run_id
     WHERE w.name = :study),
a AS MATERIALIZED (
    SELECT r.cell_key, sum(a.wall_s) AS wall_s, min(a.started) AS started, max(a.outcome IN ('done', 'diverged')) AS ended
      FROM r CROSS JOIN attempt a ON a.run_id = r.run_id GROUP BY r.run_id)
SELECT w.plan_id AS plan,
       (SELECT count(DISTINCT cell_key) FROM r)
           * (SELECT avg(s) FROM (SELECT avg(wall_s) AS s FROM a WHERE ended GROUP BY cell_key)) AS unit_s,
       (SELECT 1.0 * sum(state IN ('done', 'diverged')) / count(DISTINCT cell_key) FROM r) AS units_done,
       (SELECT date(min(started), 'unixepoch') FROM a) AS first_day,
       (SELECT min(started) FROM a) < (SELECT CAST(value AS REAL) FROM meta WHERE key = 'looks_from') AS unseen
  FROM sweep w WHERE w.name = :study;
