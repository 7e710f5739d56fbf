-- subspace similarity phi of two adapters, by pair of directions; filter with study=, kind= (rank, seed, random), layer= (from 1), proj=
-- shows: all
SELECT p.study, p.kind, p.layer, p.proj,
       coalesce(substr(a.run_key, 1, 8), 'random') AS run_a, coalesce(substr(b.run_key, 1, 8), 'random') AS run_b,
       p.i, p.j, p.phi
  FROM phi p LEFT JOIN run a ON a.run_id = p.run_a LEFT JOIN run b ON b.run_id = p.run_b
 WHERE (:study IS NULL OR p.study = :study) AND p.settings = coalesce(:settings, p.newest) AND (:kind IS NULL OR p.kind = :kind)
   AND (:layer IS NULL OR p.layer = :layer) AND (:proj IS NULL OR p.proj = :proj)
 ORDER BY p.study, p.kind, p.layer, p.proj, p.run_a, p.run_b, p.i, p.j;
