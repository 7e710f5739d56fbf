-- command: the runs that of= names: a study (of its newest plan the best trial of each cell), or the first digits of the key of a run or of a cell; done: adapter=, split=, n= is stored
WITH found AS (
    SELECT 'study' AS kind, c.study AS whole, r.run_id, c.ordinal
      FROM study_cells c JOIN sweep_run sr ON sr.plan_id = c.plan_id
      JOIN run r ON r.run_id = sr.run_id AND r.cell_key = c.cell_key
     WHERE c.study = :of
    UNION ALL
    SELECT 'run', run_key, run_id, 0 FROM run
     WHERE run_key >= :of AND run_key < :of || 'g' AND NOT EXISTS (SELECT 1 FROM sweep WHERE name = :of)
    UNION ALL
    SELECT 'cell', cell_key, run_id, 0 FROM run
     WHERE cell_key >= :of AND cell_key < :of || 'g' AND NOT EXISTS (SELECT 1 FROM sweep WHERE name = :of))
SELECT f.kind, f.whole, r.run_id, r.run_key, r.state, r.config, a.adapter_dir, a.last_step,
       (SELECT min(x.step) FROM result x
         WHERE x.run_id = r.run_id AND x.which = iif(r.apart, 'chosen', 'best')) AS chosen_step,
       EXISTS (SELECT 1 FROM evaluation e WHERE e.run_id = r.run_id AND e.adapter = :adapter AND e.split = :split
                  AND e.n = CAST(:n AS INTEGER)) AS done
  FROM found f JOIN run r ON r.run_id = f.run_id
  LEFT JOIN attempt a ON a.run_id = r.run_id AND a.attempt = r.attempts
 ORDER BY f.ordinal, r.seed, r.run_id;
