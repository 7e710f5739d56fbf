-- the size of the loss gradient at each matrix before training: rms of its mean over batches, by layer (from 1; * is all layers together)
-- make: lowrank ablate matrices
-- shows: all
WITH g AS MATERIALIZED (
    SELECT study, layer, proj, sum(CASE name WHEN 'norm_mean' THEN value * value END) AS squares,
           sum(CASE name WHEN 'numbers' THEN value END) AS numbers
      FROM analysis
     WHERE kind = 'matrices' AND (:study IS NULL OR study = :study) AND settings = coalesce(:settings, newest)
     GROUP BY study, layer, proj),
v AS (
    SELECT study, layer, proj, sqrt(squares / numbers) AS rms FROM g
    UNION ALL
    SELECT study, 0, proj, sqrt(sum(squares) / sum(numbers)) FROM g GROUP BY study, proj)
SELECT study, iif(layer > 0, layer, '*') AS layer,
       printf('%.3g', max(CASE proj WHEN 'q' THEN rms END)) AS q, printf('%.3g', max(CASE proj WHEN 'k' THEN rms END)) AS k,
       printf('%.3g', max(CASE proj WHEN 'v' THEN rms END)) AS v, printf('%.3g', max(CASE proj WHEN 'o' THEN rms END)) AS o,
       printf('%.3g', max(CASE proj WHEN 'up' THEN rms END)) AS up,
       printf('%.3g', max(CASE proj WHEN 'down' THEN rms END)) AS down
  FROM v GROUP BY study, v.layer ORDER BY study, v.layer = 0, v.layer;
