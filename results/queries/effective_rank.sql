-- how many directions an update needs for 90 and 99 % of its energy: mean over layers and seeds, by method and matrix
-- make: lowrank ablate effective_rank
-- shows: all
WITH d AS MATERIALIZED (SELECT cell_key, differs FROM cell_differs WHERE study = coalesce(:study, 'methods'))
SELECT model, task, method || iif(method = 'lora', ' r = ' || rank || ', ' || targets, '') || coalesce(d.differs, '') AS update_of, proj,
       max(CASE name WHEN 'full_rank' THEN CAST(value AS INTEGER) END) AS "full rank",
       round(avg(CASE name WHEN 'rank90' THEN value END), 1) AS "90 %",
       round(avg(CASE name WHEN 'rank99' THEN value END), 1) AS "99 %",
       round(avg(CASE name WHEN 'stable_rank' THEN value END), 2) AS "stable rank",
       round(avg(CASE name WHEN 'norm_dw' THEN value END), 4) AS "||dW||",
       round(avg(CASE name WHEN 'norm_w' THEN value END), 3) AS "||W||",
       count(DISTINCT layer) AS layers, count(DISTINCT run_a) AS n
  FROM analyses a LEFT JOIN d USING (cell_key)
 WHERE kind = 'effective_rank' AND study = coalesce(:study, 'methods') AND settings = coalesce(:settings, newest) AND (:proj IS NULL OR proj = :proj)
 GROUP BY model, task, cell_key, proj
 ORDER BY model, task, method, rank, targets, d.differs, instr('q k v o up down', proj);
