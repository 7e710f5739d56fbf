-- the cells of a study (study=NAME), each with its best trial on dev: mean ± half the width of the 95 % interval (number of seeds)
-- shows: all
SELECT study,
       (SELECT group_concat(k.key || '=' || replace(replace(replace(json_extract(r.config, '$.' || k.key),
                            '["', ''), '"]', ''), '","', ','), ' ')
          FROM sweep s, json_each(json_patch(json_extract(s.spec, '$.axes'), json_extract(s.spec, '$.zip'))) k, run r
         WHERE s.name = study
           AND r.run_id = (SELECT min(run_id) FROM run WHERE cell_key = study_cells.cell_key)) AS varied,
       model, task, method, targets, rank, alpha, lr, pooling, init, top_layers, train_n, epochs, trial,
       (SELECT t.edge FROM tuning t
         WHERE t.plan_id = study_cells.plan_id AND t.point = study_cells.point AND t.outcome = 'chosen') AS edge,
       which, metric, shown AS "value {text}", mean AS "mean {data}", half AS "half {data}",
       n, n_planned, n_diverged, substr(cell_key, 1, 8) AS cell
  FROM study_cells
 WHERE (:study IS NULL OR study = :study) AND (n > 0 OR n_diverged > 0)
 ORDER BY study, ordinal;
