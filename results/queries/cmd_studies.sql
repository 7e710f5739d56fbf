-- command: each study with the recipe that 'lowrank sweep' takes for it; filter with study=
SELECT name AS study, json_extract(spec, '$.recipe') AS recipe
  FROM sweep
 WHERE :study IS NULL OR name = :study
 ORDER BY name;
