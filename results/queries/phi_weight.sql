-- Figure 8: how much of the top directions of dW lies in the strongest directions of W, by layer (from 1), matrix and rank; mean ± half the width of the 95 % interval (number of seeds)
-- make: lowrank ablate weights
-- shows: rank
-- kind: weights
WITH v AS MATERIALIZED (
    SELECT layer, proj, rank, run_a, i, j, value FROM analyses
     WHERE kind = 'weights' AND study = coalesce(:study, 'rank') AND settings = coalesce(:settings, newest) AND name = 'phi'),
top AS (SELECT max(j) AS j FROM v WHERE j <= (SELECT (max(j) * 2 + 4) / 5 FROM v)),
at AS (
    SELECT v.layer, v.proj, v.rank, v.i, v.j, v.value, avg(v.value) OVER w AS mu
      FROM v, top WHERE v.j = top.j AND v.i = 4
    WINDOW w AS (PARTITION BY v.layer, v.proj, v.rank)),
s AS (
    SELECT layer, proj, rank, i, j, avg(value) AS mean, count(*) AS n,
           CASE WHEN count(*) > 1 THEN sqrt(sum((value - mu) * (value - mu)) / (count(*) - 1) / count(*)) END AS se
      FROM at GROUP BY layer, proj, rank)
SELECT s.layer, s.proj, s.rank, s.i AS "directions of dW", s.j AS "of W",
       printf('%.4f', s.mean) || iif(s.se IS NULL, '', printf(' ± %.4f', s.se * t.value)) || printf(' (%d)', s.n)
           AS "phi {text}",
       s.mean AS "phi {data}", s.se * t.value AS "half {data}", s.n AS "n {data}",
       round(f.mean, 4) AS random
  FROM s LEFT JOIN s f ON f.layer = s.layer AND f.proj = s.proj AND f.rank IS NULL
  LEFT JOIN t95 t ON t.df = CASE WHEN s.n <= 31 THEN s.n - 1 WHEN s.n <= 40 THEN 30
                     WHEN s.n <= 60 THEN 40 WHEN s.n <= 120 THEN 60 ELSE 120 END
 WHERE s.rank IS NOT NULL
 ORDER BY instr('q k v o up down', s.proj), s.rank, s.layer;
