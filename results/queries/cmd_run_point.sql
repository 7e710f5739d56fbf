-- command: one point of a curve of a run (run=, a run_id): split=, name= of the metric, step=
SELECT coalesce(nonfinite, printf('%!.17g', value)) AS value
  FROM curves JOIN run USING (run_id)
 WHERE run_id = CAST(:run AS INTEGER) AND split = :split AND metric = :name AND step = CAST(:step AS INTEGER);
