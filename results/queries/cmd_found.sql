-- command: the runs (runs=1) and cells (cells=1) whose key begins with prefix=, and the keys of their runs; one more than are listed
SELECT 'run' AS kind, run_key AS key,
       state || ' ' || coalesce(task, '-') || ' ' || coalesce(method, '-') || coalesce(' rank ' || rank, '')
           || coalesce(' ' || targets, '') || coalesce(' seed ' || seed, '') AS what,
       json_array(run_key) AS keys
  FROM run WHERE :runs AND run_key >= :prefix AND run_key < :prefix || 'g'
UNION ALL
SELECT 'cell', cell_key, count(*) || ' runs', json_group_array(run_key)
  FROM run WHERE :cells AND cell_key >= :prefix AND cell_key < :prefix || 'g'
 GROUP BY cell_key
 LIMIT 9;
