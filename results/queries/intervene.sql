-- which part of an update does the work: the score and the zero-shot sentence similarity with a part of dW alone, mean over seeds (n)
-- make: lowrank ablate intervene
-- shows: all
WITH d AS MATERIALIZED (SELECT cell_key, differs FROM cell_differs WHERE study = coalesce(:study, 'rank')),
x AS MATERIALIZED (
    SELECT a.*, coalesce(d.differs, '') AS differs, substr(name, 1, instr(name, '_') - 1) AS change,
           substr(name, instr(name, '_') + 1) AS measure
      FROM analyses a LEFT JOIN d USING (cell_key)
     WHERE kind = 'intervene' AND study = coalesce(:study, 'rank') AND settings = coalesce(:settings, newest)
       AND (:task IS NULL OR task = :task)),
scale AS (SELECT iif(max(percent), 100, 1) AS scale FROM study_cells WHERE study = coalesce(:study, 'rank')),
y AS (
    SELECT model, task, method, rank, targets, differs, cell_key, change, i, count(DISTINCT run_a) AS n,
           avg(value) FILTER (WHERE measure = 'score') AS score,
           avg(value) FILTER (WHERE measure = 'similarity') AS similarity,
           avg(value) FILTER (WHERE measure = 'energy') AS energy,
           avg(value) FILTER (WHERE measure = 'directions') AS directions
      FROM x GROUP BY cell_key, change, i)
SELECT model, task, method || iif(rank IS NULL, '', ' r = ' || rank) || iif(coalesce(targets, '') = '', '', ' ' || targets) || differs
           AS update_of,
       CASE change WHEN 'whole' THEN 'as trained'
                   WHEN 'keep' THEN iif(i = 0, 'no update', 'strongest ' || i)
                   WHEN 'drop' THEN 'without the strongest ' || i
                   WHEN 'intruder' THEN 'without intruders'
                   WHEN 'shared' THEN 'without shared directions'
                   WHEN 'graft' THEN 'B of another seed' END AS dW,
       round(100 * energy, 1) AS "energy %", round(directions, 1) AS directions,
       round(scale * score, 2) AS score, round(similarity, 4) AS similarity, n
  FROM y, scale
 ORDER BY model, task, method, rank, targets, differs, cell_key, instr('whole keep drop intruder shared graft', change), i;
