-- the curves of a run (run=PREFIX) or of the runs of a cell (cell=PREFIX); filter with split=, metric=
-- shows: all
SELECT key8 AS run, seed, split, metric, step, value, nonfinite
  FROM (SELECT * FROM curves WHERE run_key >= :run AND run_key < :run || 'g'
        UNION ALL
        SELECT * FROM curves WHERE :run IS NULL AND cell_key >= :cell AND cell_key < :cell || 'g')
 WHERE (:split IS NULL OR split = :split) AND (:metric IS NULL OR metric = :metric)
 ORDER BY run_id, split, metric, step;
