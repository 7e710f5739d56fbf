-- command: the evaluations by which a search judges a run (key=): step and value of metric=, on the selection split if there is one, and the step that the run has reached
WITH one AS (
    SELECT r.run_id, -- steps that a later attempt repeats do not count
           (SELECT max(a.last_step) FROM attempt a
             WHERE a.run_id = r.run_id
               AND NOT EXISTS (SELECT 1 FROM attempt b WHERE b.run_id = a.run_id AND b.attempt > a.attempt
                                                         AND b.resumed_step < a.last_step)) AS reached,
           iif(EXISTS (SELECT 1 FROM metric m WHERE m.run_id = r.run_id AND m.split = 'select'), 'select', 'dev') AS split
      FROM run r WHERE r.run_key = :key)
SELECT one.reached, c.step, printf('%!.17g', c.value) AS value, c.nonfinite
  FROM one LEFT JOIN curves c ON c.run_id = one.run_id AND c.split = one.split AND c.metric = :metric
 ORDER BY c.step;
