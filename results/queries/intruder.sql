-- intruder dimensions, strong directions of W + dW that W does not have: per matrix, mean over layers and seeds, by method and matrix
-- make: lowrank ablate intruder
-- shows: all
WITH d AS MATERIALIZED (SELECT cell_key, differs FROM cell_differs WHERE study = coalesce(:study, 'methods'))
SELECT model, task, method || iif(method = 'lora', ' r = ' || rank || ', ' || targets, '') || coalesce(d.differs, '') AS update_of, proj,
       max(i) AS "of the top", round(avg(CASE name WHEN 'intruders' THEN value END), 3) AS "intruders a matrix",
       CAST(max(CASE name WHEN 'intruders' THEN value END) AS INTEGER) AS most,
       round(min(CASE name WHEN 'least_cosine' THEN value END), 4) AS "least cosine",
       count(DISTINCT layer) AS layers, count(DISTINCT run_a) AS n
  FROM analyses a LEFT JOIN d USING (cell_key)
 WHERE kind = 'intruder' AND study = coalesce(:study, 'methods') AND settings = coalesce(:settings, newest) AND (:proj IS NULL OR proj = :proj)
 GROUP BY model, task, cell_key, proj
 ORDER BY model, task, method, rank, targets, d.differs, instr('q k v o up down', proj);
