-- how much rank W needs: methods on an encoder whose matrices are cut to a rank, mean ± half the width of the 95 % interval (number of seeds)
-- shows: model task method
WITH c AS MATERIALIZED (
    SELECT *, iif(instr(model, '@r'), substr(model, 1, instr(model, '@r') - 1), model) AS encoder,
           iif(instr(model, '@r'), CAST(substr(model, instr(model, '@r') + 2) AS INTEGER), NULL) AS cut
      FROM study_cells
     WHERE study = coalesce(:study, 'truncate') AND (:task IS NULL OR task = :task) AND (n > 0 OR n_diverged > 0))
SELECT c.encoder AS model, c.task, coalesce(c.cut, 'whole') AS "rank of W",
       group_concat(iif(c.method = 'lora', c.shown, NULL), '; ') AS "lora {text}",
       avg(iif(c.method = 'lora', c.mean, NULL)) AS "lora mean {data}",
       avg(iif(c.method = 'lora', c.half, NULL)) AS "lora half {data}",
       group_concat(iif(c.method = 'head', c.shown, NULL), '; ') AS "head {text}",
       avg(iif(c.method = 'head', c.mean, NULL)) AS "head mean {data}",
       avg(iif(c.method = 'head', c.half, NULL)) AS "head half {data}",
       group_concat(iif(c.method = 'ft', c.shown, NULL), '; ') AS "ft {text}",
       avg(iif(c.method = 'ft', c.mean, NULL)) AS "ft mean {data}",
       avg(iif(c.method = 'ft', c.half, NULL)) AS "ft half {data}",
       group_concat(iif(c.method NOT IN ('lora', 'head', 'ft'), c.method || ': ' || c.shown, NULL), '; ') AS others,
       (SELECT printf('%+.1f', 100 * (x.mean - w.mean)) FROM c w JOIN c x
         WHERE w.cut IS NULL AND x.cut IS c.cut AND w.method = 'lora' AND x.method = 'lora' AND w.encoder = c.encoder
           AND x.encoder = c.encoder AND w.task = c.task AND x.task = c.task AND w.percent AND w.n > 0 AND x.n > 0)
           AS "lora - lora on whole W",
       sum(c.n) AS n
  FROM c
 GROUP BY c.encoder, c.task, c.cut
 ORDER BY c.encoder, c.task, c.cut IS NULL, c.cut;
