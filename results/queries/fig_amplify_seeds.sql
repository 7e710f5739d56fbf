-- figure: by layer, what 'ablate amplify' found for each seed; what=factor (the only one)
SELECT 'Δ' || proj || ', r = ' || rank AS series, layer AS x, seed, value
  FROM analyses
 WHERE kind = 'amplify' AND study = coalesce(:study, 'rank') AND name = coalesce(:what, 'factor') AND value IS NOT NULL
 ORDER BY rank, instr('q k v o up down', proj), layer, seed;
