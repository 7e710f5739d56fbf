-- figure: subspace similarity phi over (i, j) by layer (from 1) and matrix, kind= is rank, seed or random; mean over pairs of runs
SELECT layer, proj, i, j, avg(phi) AS phi, count(phi) AS n
  FROM phi
 WHERE kind = coalesce(:kind, 'rank') AND (:study IS NULL OR study = :study) AND settings = coalesce(:settings, newest)
   AND (:layer IS NULL OR layer = :layer) AND (:proj IS NULL OR proj = :proj)
 GROUP BY layer, proj, i, j
 ORDER BY layer, proj, i, j;
