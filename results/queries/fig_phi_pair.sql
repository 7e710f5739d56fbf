-- figure: phi over (i, j) of the newest pair of runs, kind= is rank, seed or random; layer= is a number from 1 (default: the middle layer) or all
WITH p AS MATERIALIZED (
    SELECT * FROM phi WHERE study = coalesce(:study, 'rank') AND settings = coalesce(:settings, newest) AND kind = coalesce(:kind, 'rank')),
pair AS (SELECT run_a, run_b FROM p ORDER BY max(run_a, run_b) DESC, run_a DESC LIMIT 1),
depth AS (SELECT DISTINCT layer FROM p JOIN pair USING (run_a, run_b))
SELECT p.layer, p.proj, p.i, p.j, p.phi
  FROM p JOIN pair USING (run_a, run_b)
 WHERE CASE WHEN :layer IS NULL
            THEN p.layer = (SELECT layer FROM depth ORDER BY layer LIMIT 1
                            OFFSET (SELECT (count(*) - 1) / 2 FROM depth))
            WHEN :layer = 'all' THEN 1
            ELSE p.layer = :layer END
 ORDER BY p.layer, instr('q k v o up down', p.proj), p.i, p.j;
