-- Table 15: trainable parameters (without the head) and quality of every setting, mean ± half the width of the 95 % interval (number of seeds), next to the paper's GPT-3
WITH c AS MATERIALIZED (
    SELECT c.*, json_extract(r.config, '$.prefix') AS prefix,
           (SELECT a.trainable - a.trainable_head FROM attempt a
             WHERE a.run_id = c.any_run_id ORDER BY a.attempt DESC LIMIT 1) AS trained
      FROM study_cells c JOIN run r ON r.run_id = c.any_run_id
     WHERE c.study = coalesce(:study, 'params') AND (:task IS NULL OR c.task = :task)
       AND (c.n > 0 OR c.n_diverged > 0)),
p AS (
    SELECT c.cell_key, x.row
      FROM c JOIN (SELECT DISTINCT row FROM paper WHERE tab = 'T15') x
        ON CASE c.method WHEN 'lora' THEN x.row = 'GPT3 LoRA '
                              || CASE c.targets WHEN 'q,v' THEN 'rq=rv=' WHEN 'q,k,v,o' THEN 'rqkvo=' END || c.rank
                         WHEN 'adapter-h' THEN x.row = 'GPT3 AdapterH r' || c.rank
                         WHEN 'prefix-embed' THEN x.row LIKE 'GPT3 PrefixEmbed lp' || c.prefix || ' %'
                         WHEN 'prefix-layer' THEN x.row LIKE 'GPT3 PrefixLayer lp' || c.prefix || ' %'
                         WHEN 'ft' THEN x.row = 'GPT3 FT' END)
SELECT c.model, c.task, c.method, c.targets, c.rank, c.prefix, c.trained, c.metric, c.shown AS value, c.n,
       (SELECT group_concat(substr(row, 6), ' / ') FROM p WHERE p.cell_key = c.cell_key) AS "paper row",
       (SELECT group_concat(value, ' / ') FROM p JOIN paper x ON x.tab = 'T15' AND x.row = p.row AND x.col = 'params_M'
         WHERE p.cell_key = c.cell_key) AS "paper millions",
       (SELECT group_concat(value, ' / ') FROM p JOIN paper x ON x.tab = 'T15' AND x.row = p.row AND x.col = 'WikiSQL'
         WHERE p.cell_key = c.cell_key) AS "paper WikiSQL",
       (SELECT group_concat(value, ' / ') FROM p JOIN paper x ON x.tab = 'T15' AND x.row = p.row AND x.col = 'MNLI-m'
         WHERE p.cell_key = c.cell_key) AS "paper MNLI"
  FROM c
 ORDER BY c.model, c.task, min(c.ordinal) OVER (PARTITION BY c.model, c.task, c.method), c.targets, c.trained,
          c.ordinal;
