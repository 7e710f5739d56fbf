-- section 7.2: do adapters share directions? phi(1,1) and phi(r,r) by layer (from 1) and matrix, next to those of random matrices
-- make: lowrank ablate subspace
-- shows: rank
-- kind: subspace
WITH p AS MATERIALIZED (
    SELECT * FROM phi WHERE study = coalesce(:study, 'rank') AND settings = coalesce(:settings, newest) AND i = j),
pair AS (
    SELECT kind, run_a, run_b, min(max(i), 8) AS r,
           row_number() OVER (PARTITION BY kind ORDER BY max(run_a, run_b) DESC, run_a DESC) AS place
      FROM p GROUP BY kind, run_a, run_b),
v AS (SELECT p.* , pair.r FROM p JOIN pair USING (kind, run_a, run_b) WHERE place = 1)
SELECT CASE a.kind WHEN 'seed' THEN 'seeds ' || ra.seed || ' and ' || rb.seed
                   ELSE 'r = ' || ra.rank || ' and ' || rb.rank
                        || iif(a.kind = 'rank', '', ', seeds ' || ra.seed || ' and ' || rb.seed) END AS pair,
       a.layer, a.proj,
       round(a.phi, 3) AS "phi(1,1)", round(f.phi, 3) AS "floor(1,1)",
       a.r AS r, round(b.phi, 3) AS "phi(r,r)", round(g.phi, 3) AS "floor(r,r)",
       iif(a.phi > 0.5, 'yes', 'no') AS "top shared"
  FROM v a
  JOIN v b ON b.kind = a.kind AND b.layer = a.layer AND b.proj = a.proj AND b.i = a.r
  LEFT JOIN v f ON f.kind = 'random' AND f.layer = a.layer AND f.proj = a.proj AND f.i = 1
  LEFT JOIN v g ON g.kind = 'random' AND g.layer = a.layer AND g.proj = a.proj AND g.i = a.r
  LEFT JOIN run ra ON ra.run_id = a.run_a
  LEFT JOIN run rb ON rb.run_id = a.run_b
 WHERE a.kind <> 'random' AND a.i = 1
 ORDER BY a.kind, instr('q k v o up down', a.proj), a.layer;
