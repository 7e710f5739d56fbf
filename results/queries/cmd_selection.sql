-- command: the score that chooses the best evaluation of the run key=, and a study's trials: at evaluation=, or of all the one that was chosen (0)
SELECT evaluation, step, printf('%!.17g', value) AS value, goal,
       CAST(:evaluation AS INTEGER) = 0 AND step = (SELECT min(x.step) FROM result x JOIN run r ON r.run_id = x.run_id
              WHERE r.run_key = :key AND x.which = iif(r.apart, 'select_best', 'best')) AS chosen
  FROM selection
 WHERE run_key = :key AND chooses AND value IS NOT NULL AND (chosen OR evaluation = CAST(:evaluation AS INTEGER));
