-- figure: the newest pair of runs whose phi is shown (kind=): which axis belongs to which rank and seed, their model and task
WITH p AS MATERIALIZED (
    SELECT run_a, run_b FROM phi
     WHERE study = coalesce(:study, 'rank') AND settings = coalesce(:settings, newest) AND kind = coalesce(:kind, 'rank')),
pair AS (SELECT run_a, run_b FROM p ORDER BY max(run_a, run_b) DESC, run_a DESC LIMIT 1)
SELECT 'i: r = ' || coalesce(a.rank, '-') || ', seed ' || a.seed AS i, 'j: r = ' || coalesce(b.rank, '-') || ', seed ' || b.seed AS j,
       coalesce(a.model, '') || ', ' || coalesce(a.task, '') || ', n = 1' AS common
  FROM pair JOIN run a ON a.run_id = pair.run_a JOIN run b ON b.run_id = pair.run_b;
