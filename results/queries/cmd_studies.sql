-- command: each study with the recipe that 'lowrank sweep' takes for it, and whether it holds imported adapters; filter with study=
SELECT name AS study, json_extract(spec, '$.recipe') AS recipe,
       coalesce(json_extract(spec, '$.imported'), 0) AS imported
  FROM sweep
 WHERE :study IS NULL OR name = :study
 ORDER BY name;
