-- of each study of studies= (a JSON list of names) and of each study of this store: how far it is, on what, with how many seeds, and how its settings were chosen
-- shows: all
WITH w AS (
    SELECT name, plan_id, CAST(json_extract(spec, '$.title') AS TEXT) AS title FROM sweep
     WHERE archived IS NULL AND name <> 'run'),
names AS (
    SELECT value AS study, min(key) AS place FROM json_each(coalesce(:studies, '[]')) GROUP BY value
    UNION ALL
    SELECT name, 1e6 + rowid FROM sweep
     WHERE name IN (SELECT name FROM w) AND name NOT IN (SELECT value FROM json_each(coalesce(:studies, '[]')))),
r AS MATERIALIZED (
    SELECT w.name AS study, r.state, r.cell_key, r.model, r.task, r.config, r.run_id
      FROM w JOIN sweep_run sr ON sr.plan_id = w.plan_id JOIN run r ON r.run_id = sr.run_id),
cell AS (SELECT study, cell_key, sum(state = 'done') AS seeds FROM r GROUP BY study, cell_key),
done AS (
    SELECT study, count(*) AS runs, sum(state = 'done') AS done, sum(state = 'diverged') AS diverged,
           group_concat(DISTINCT model) AS models, group_concat(DISTINCT task) AS tasks,
           min(coalesce(json_extract(config, '$.train_n'), 0)) AS least, max(coalesce(json_extract(config, '$.train_n'), 0)) AS most,
           max(coalesce(json_extract(config, '$.report'), 'dev')) AS report,
           max(coalesce(json_extract(config, '$.dev_n'), 0)) AS dev_n,
           max(coalesce(json_extract(config, '$.select'), 'dev')) AS chooses
      FROM r GROUP BY study),
arms AS (
    SELECT w.name AS study, count(*) AS arms, sum(chosen) AS chosen, min(trials) AS least, max(trials) AS most
      FROM w JOIN (SELECT plan_id, point, max(outcome = 'chosen') AS chosen, count(DISTINCT trial) AS trials
                     FROM tuning GROUP BY plan_id, point) t ON t.plan_id = w.plan_id
     GROUP BY w.name)
SELECT n.study,
       CASE WHEN d.runs IS NULL AND a.arms IS NULL THEN 'not run yet'
            WHEN coalesce(d.done, 0) = 0 THEN 'begun'
            WHEN coalesce(d.done, 0) + coalesce(d.diverged, 0) < d.runs OR a.chosen < a.arms THEN 'in part' ELSE 'complete' END AS state,
       d.done AS runs, nullif(d.runs, d.done) AS "of", nullif(d.diverged, 0) AS diverged,
       nullif((SELECT count(*) FROM cell c WHERE c.study = n.study AND c.seeds > 0), 0) AS cells,
       (SELECT iif(min(seeds) = max(seeds), CAST(max(seeds) AS TEXT), min(seeds) || ' to ' || max(seeds))
          FROM cell c WHERE c.study = n.study AND c.seeds > 0) AS "seeds of a cell",
       d.models AS model, d.tasks AS task,
       iif(d.least = d.most, iif(d.most = 0, 'all', d.most), iif(d.least = 0, 'up to all', d.least || ' to ' || d.most)) AS "training examples",
       d.report || iif(d.report = 'test' OR d.dev_n = 0, ', all', ', ' || d.dev_n) AS reported,
       d.chooses AS "epoch chosen on",
       iif(a.arms IS NULL, NULL, a.chosen || ' of ' || a.arms || ' arms, ' || iif(a.least = a.most, a.most, a.least || ' to ' || a.most)
           || ' trials') AS tuned
  FROM names n LEFT JOIN done d ON d.study = n.study LEFT JOIN arms a ON a.study = n.study
 ORDER BY n.place;
