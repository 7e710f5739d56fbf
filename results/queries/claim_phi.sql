-- claim: phi(i, j) averaged over layers for each pair of adapters, by matrix, next to what random subspaces have on average; study=, kind= (rank, seed)
WITH v AS MATERIALIZED (
    SELECT study, kind, run_a, run_b, proj, avg(phi) AS phi, count(*) AS layers
      FROM phi
     WHERE study = :study AND settings = '' AND i = coalesce(:i, 1) AND j = coalesce(:j, 1)
     GROUP BY study, kind, run_a, run_b, proj)
SELECT r.model, r.task, 'phi(' || coalesce(:i, 1) || ',' || coalesce(:j, 1) || ') of ' || v.proj AS part,
       v.run_a || ' ' || v.run_b AS unit, v.run_a AS run, v.run_b AS ref_run,
       avg(v.phi) AS value, avg(f.phi) AS ref
  FROM v JOIN run r ON r.run_id = v.run_a
  LEFT JOIN v f ON f.study = v.study AND f.kind = 'random' AND f.proj = v.proj
 WHERE v.kind = coalesce(:kind, 'rank')
 GROUP BY r.model, r.task, v.proj, v.run_a, v.run_b
 ORDER BY r.model, r.task, instr('q k v o up down', v.proj), v.run_a, v.run_b;
