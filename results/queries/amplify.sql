-- Table 7: how much updates amplify directions of W, by layer (from 1; * is the mean over layers), matrix and rank; the paper's numbers below
-- make: lowrank ablate amplify
-- shows: rank
-- kind: amplify
WITH v AS MATERIALIZED (
    SELECT layer, proj, rank, run_a, name, value FROM analyses
     WHERE kind = 'amplify' AND study = coalesce(:study, 'rank') AND settings = coalesce(:settings, newest)
       AND (:proj IS NULL OR proj = :proj) AND (:rank IS NULL OR rank = :rank)),
r AS ( -- a row for each layer, matrix and run; below, one for all layers together
    SELECT layer, proj, rank, run_a,
           max(CASE name WHEN 'norm_w' THEN value END) AS norm_w, max(CASE name WHEN 'norm_dw' THEN value END) AS norm_dw,
           max(CASE name WHEN 'proj_dw' THEN value END) AS proj_dw, max(CASE name WHEN 'proj_w' THEN value END) AS proj_w,
           max(CASE name WHEN 'proj_random' THEN value END) AS proj_random, max(CASE name WHEN 'scale' THEN value END) AS s,
           max(CASE name WHEN 'factor' THEN value END) AS factor
      FROM v GROUP BY layer, proj, rank, run_a),
e AS (
    SELECT * FROM r
     UNION ALL
    SELECT 0, proj, rank, run_a, avg(norm_w), avg(norm_dw), avg(proj_dw), avg(proj_w), avg(proj_random), avg(s), avg(factor)
      FROM r GROUP BY proj, rank, run_a),
m AS (
    SELECT layer, proj, rank, avg(norm_w) AS norm_w, avg(norm_dw) AS norm_dw, avg(proj_dw) AS proj_dw,
           avg(proj_w) AS proj_w, avg(proj_random) AS proj_random, avg(s) AS s, avg(factor) AS factor, count(factor) AS n,
           max(squares) AS squares
      FROM (SELECT e.*, factor - avg(factor) OVER w AS d, sum(factor * factor) OVER w
                   - count(factor) OVER w * avg(factor) OVER w * avg(factor) OVER w AS squares
              FROM e WINDOW w AS (PARTITION BY layer, proj, rank))
     GROUP BY layer, proj, rank)
SELECT * FROM (
SELECT 'ours' AS "of", iif(layer > 0, layer, '*') AS layer, proj, rank, round(s, 4) AS s,
       printf('%.3f', norm_w) AS "||W||", printf('%.4f', norm_dw) AS "||dW||",
       printf('%.3f', proj_dw) AS "||U'WV|| dW", printf('%.3f', proj_w) AS "W", printf('%.3f', proj_random) AS "random",
       printf('%.4f', factor) || iif(n > 1, printf(' ± %.4f', sqrt(max(squares, 0) / (n - 1) / n) * t.value), '')
           || printf(' (%d)', n) AS "amplification {text}",
       factor AS "amplification {data}", sqrt(max(squares, 0) / (n - 1) / n) * t.value AS "half {data}", n AS "n {data}"
  FROM m LEFT JOIN t95 t ON t.df = CASE WHEN n <= 31 THEN n - 1 WHEN n <= 40 THEN 30
                           WHEN n <= 60 THEN 40 WHEN n <= 120 THEN 60 ELSE 120 END
 UNION ALL
SELECT 'paper: GPT-3', 48, 'q', p.rank, NULL, w.value, d.value, a.value, b.value, c.value,
       printf('%.2f', CAST(d.value AS REAL) / CAST(a.value AS REAL)) || ' (1)',
       CAST(d.value AS REAL) / CAST(a.value AS REAL), NULL, 1
  FROM (SELECT 4 AS rank UNION SELECT 64) p
  JOIN paper w ON w.tab = 'T7' AND w.row = 'norms' AND w.col = '||Wq||_F'
  JOIN paper d ON d.tab = 'T7' AND d.row = 'norms' AND d.col = '||dWq||_F r=' || p.rank
  JOIN paper a ON a.tab = 'T7' AND a.row = '||U^T Wq V||_F r=' || p.rank AND a.col = 'dWq'
  JOIN paper b ON b.tab = 'T7' AND b.row = a.row AND b.col = 'Wq'
  JOIN paper c ON c.tab = 'T7' AND c.row = a.row AND c.col = 'random'
 WHERE EXISTS (SELECT 1 FROM v) AND (:proj IS NULL OR :proj = 'q') AND (:rank IS NULL OR :rank = p.rank))
 ORDER BY "of", instr('q k v o up down', proj), rank, layer = '*', layer;
