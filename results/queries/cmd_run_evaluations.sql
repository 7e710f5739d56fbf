-- command: the evaluations by which a search judges a run (key=): step and value of metric= on the split that chooses, and the step that the run has reached
WITH one AS (
    SELECT r.run_id, -- steps that a later attempt repeats do not count
           (SELECT max(a.last_step) FROM attempt a
             WHERE a.run_id = r.run_id
               AND NOT EXISTS (SELECT 1 FROM attempt b WHERE b.run_id = a.run_id AND b.attempt > a.attempt
                                                         AND b.resumed_step < a.last_step)) AS reached
      FROM run r WHERE r.run_key = :key)
SELECT one.reached, s.step, printf('%!.17g', s.value) AS value, s.nonfinite
  FROM one LEFT JOIN selection s ON s.run_id = one.run_id AND s.metric = :metric
 ORDER BY s.step;
