-- The adapter folder of each finished run, for 'lowrank verify'.
SELECT r.run_key AS key, a.adapter_dir
FROM run r NOT INDEXED JOIN attempt a ON a.run_id = r.run_id AND a.outcome = 'done'
WHERE r.state IN ('done', 'excluded') AND a.adapter_dir IS NOT NULL
ORDER BY r.run_key;
