-- page: what the store holds, in one row; studies= lists names, one per line
WITH planned AS MATERIALIZED ( -- runs that only older plans have queued do not count as unfinished
    SELECT sr.run_id FROM sweep w JOIN sweep_run sr ON sr.plan_id = w.plan_id),
r AS MATERIALIZED (
    SELECT * FROM run
     WHERE :studies IS NULL
        OR run_id IN (SELECT sr.run_id FROM sweep w JOIN sweep_run sr ON sr.plan_id = w.plan_id
                       WHERE instr(char(10) || :studies || char(10), char(10) || w.name || char(10))))
SELECT count(*) AS runs, sum(state = 'done') AS done, sum(state = 'diverged') AS diverged,
       sum(state = 'failed') AS failed, sum(state IN ('queued', 'running') AND run_id IN (SELECT run_id FROM planned)) AS unfinished,
       (SELECT group_concat(model, ', ') FROM (SELECT DISTINCT model FROM r WHERE state = 'done' ORDER BY model))
           AS models,
       (SELECT group_concat(task, ', ') FROM (SELECT DISTINCT task FROM r WHERE state = 'done' ORDER BY task)) AS tasks,
       (SELECT strftime('%Y-%m-%d %H:%M', max(a.ended), 'unixepoch') FROM attempt a JOIN r q ON q.run_id = a.run_id) AS newest
  FROM r
HAVING count(*) > 0;
