-- how much zero-shot sentence similarity (Spearman on STS-B) training costs: before, after (lowest and highest seed), next to the score on the task
-- make: lowrank ablate forgetting
-- shows: all
WITH d AS MATERIALIZED (SELECT cell_key, differs FROM cell_differs WHERE study = coalesce(:study, 'methods')),
x AS MATERIALIZED (
    SELECT cell_key, min(model) AS model, min(task) AS task,
           min(method || coalesce(' r = ' || rank, '') || iif(coalesce(targets, '') = '', '', ' ' || targets) || coalesce(d.differs, '')) AS runs,
           count(*) FILTER (WHERE name = 'spearman') AS n,
           avg(value) FILTER (WHERE name = 'spearman_base') AS before,
           avg(value) FILTER (WHERE name = 'spearman') AS after,
           min(value) FILTER (WHERE name = 'spearman') AS lo, max(value) FILTER (WHERE name = 'spearman') AS hi
      FROM analyses LEFT JOIN d USING (cell_key)
     WHERE kind = 'forgetting' AND study = coalesce(:study, 'methods') AND settings = coalesce(:settings, newest) AND (:task IS NULL OR task = :task)
     GROUP BY cell_key)
SELECT x.model, x.task, x.runs,
       c.metric || ' ' || c.shown AS "task score {text}", c.metric AS "metric {data}", c.mean AS "mean {data}",
       c.half AS "half {data}",
       x.n, round(x.before, 4) AS before, round(x.after, 4) AS after, round(x.lo, 4) AS lowest,
       round(x.hi, 4) AS highest, printf('%.1f', 100 * x.after / x.before) AS "kept %"
  FROM x LEFT JOIN study_cells c ON c.study = coalesce(:study, 'methods') AND c.cell_key = x.cell_key
 ORDER BY x.model, x.task, x.after DESC;
