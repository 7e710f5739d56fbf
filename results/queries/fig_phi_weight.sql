-- figure: phi of i directions of dW and j of W, mean over seeds, by rank (random: a Gaussian matrix); layer= is a number from 1 (default: the middle layer) or all
WITH p AS MATERIALIZED (
    SELECT layer, proj, rank, i, j, value FROM analyses
     WHERE kind = 'weights' AND study = coalesce(:study, 'rank') AND settings = coalesce(:settings, newest) AND name = 'phi'),
depth AS (SELECT DISTINCT layer FROM p)
SELECT layer, proj, coalesce('r = ' || rank, 'random') AS side, j, i, avg(value) AS phi
  FROM p
 WHERE CASE WHEN :layer IS NULL
            THEN layer = (SELECT layer FROM depth ORDER BY layer LIMIT 1 OFFSET (SELECT (count(*) - 1) / 2 FROM depth))
            WHEN :layer = 'all' THEN 1
            ELSE layer = :layer END
 GROUP BY layer, proj, rank, j, i
 ORDER BY layer, instr('q k v o up down', proj), rank IS NULL, rank, j, i;
