-- command: the runs of a study (study=) that an analysis reads; filter with methods=, ranks= (lists), targets=, task=, seed=
SELECT r.run_id, r.run_key, r.cell_key, r.state, coalesce(r.model, '') AS model, coalesce(r.task, '') AS task,
       coalesce(r.config ->> '$."task.file"', r.task, '') AS task_file, -- what 'task=' takes
       coalesce(r.method, '') AS method, r.rank, coalesce(r.targets, '') AS targets, coalesce(r.seed, 0) AS seed,
       a.adapter_dir,
       (SELECT i.sha256 FROM run_input i
         WHERE i.run_id = r.run_id AND i.role = 'weights' ORDER BY i.attempt DESC LIMIT 1) AS weights,
       (SELECT i.sha256 FROM run_input i
         WHERE i.run_id = r.run_id AND i.role = 'dev' ORDER BY i.attempt DESC LIMIT 1) AS dev
  FROM study_cells c
  JOIN sweep_run sr ON sr.plan_id = c.plan_id
  JOIN run r ON r.run_id = sr.run_id AND r.cell_key = c.cell_key
  LEFT JOIN attempt a ON a.run_id = r.run_id AND a.attempt = r.attempts
 WHERE c.study = :study
   AND (:methods IS NULL OR instr(',' || :methods || ',', ',' || c.method || ','))
   AND (:targets IS NULL OR c.method <> 'lora' OR c.targets = :targets)
   AND (:task IS NULL OR c.task = :task OR r.config ->> '$."task.file"' = :task)
   AND (:ranks IS NULL OR c.method <> 'lora' OR instr(',' || :ranks || ',', ',' || c.rank || ','))
   AND (:seed IS NULL OR r.seed = :seed)
 ORDER BY c.ordinal, r.seed;
