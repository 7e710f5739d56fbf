-- how training changes the features of each layer (0: embeddings), as unbiased CKA (about 0 for unrelated features): before against after, against full fine-tuning, between seeds
-- make: lowrank ablate features
-- shows: all
WITH d AS MATERIALIZED (SELECT cell_key, differs FROM cell_differs WHERE study = coalesce(:study, 'methods')),
x AS MATERIALIZED (
    SELECT study, layer, name, value, key8, key8_b, model, task, seed, seed_b, method, method_b, cell_key, cell_key_b,
           method || coalesce(' r = ' || rank, '') || iif(coalesce(targets, '') = '', '', ' ' || targets) || coalesce(d.differs, '') AS runs
      FROM analyses LEFT JOIN d USING (cell_key)
     WHERE kind = 'features' AND study = coalesce(:study, 'methods') AND settings = coalesce(:settings, newest) AND (:task IS NULL OR task = :task)),
both_ways AS ( -- a pair counts for the methods of both sides
    SELECT x.cell_key, layer, name, value FROM x WHERE method_b = 'ft' AND method <> 'ft' AND seed = seed_b
    UNION ALL
    SELECT x.cell_key_b, layer, name, value FROM x WHERE method = 'ft' AND method_b <> 'ft' AND seed = seed_b),
own AS (
    SELECT study, model, task, runs, cell_key, layer, count(*) FILTER (WHERE name = 'cka') AS n,
           avg(value) FILTER (WHERE name = 'cka') AS cka, min(value) FILTER (WHERE name = 'cka') AS lo,
           max(value) FILTER (WHERE name = 'cka') AS hi, avg(value) FILTER (WHERE name = 'cka_token') AS token,
           avg(value) FILTER (WHERE name = 'cosine') AS cosine, min(key8) AS key8
      FROM x WHERE key8_b IS NULL GROUP BY cell_key, layer)
SELECT o.model, o.task, o.runs, o.layer, o.n, round(o.cka, 4) AS "CKA with before", round(o.lo, 4) AS lowest,
       round(o.hi, 4) AS highest, round(o.token, 4) AS "of tokens", round(o.cosine, 4) AS cosine,
       (SELECT round(avg(value), 4) FROM both_ways b
         WHERE b.cell_key = o.cell_key AND b.layer = o.layer AND b.name = 'cka') AS "with ft",
       (SELECT round(avg(value), 4) FROM x
         WHERE x.cell_key = o.cell_key AND x.cell_key_b = o.cell_key AND x.layer = o.layer
           AND x.name = 'cka') AS "between seeds"
  FROM own o
 ORDER BY o.model, o.task, o.runs, o.layer;
