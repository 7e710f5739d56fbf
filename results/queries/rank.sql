-- Table 6: rank and target set, mean ± half the width of the 95 % interval (number of seeds), next to the paper's numbers for q / q,v / q,k,v,o
WITH c AS MATERIALIZED (
    SELECT * FROM study_cells
     WHERE study = coalesce(:study, 'rank') AND rank IS NOT NULL AND (:task IS NULL OR task = :task)
       AND (n > 0 OR n_diverged > 0))
SELECT c.model || ' ' || c.method AS model, c.task, c.rank,
       group_concat(iif(c.targets = 'q', c.shown, NULL), '; ') AS "q",
       group_concat(iif(c.targets = 'q,v', c.shown, NULL), '; ') AS "q,v",
       group_concat(iif(c.targets = 'q,k,v,o', c.shown, NULL), '; ') AS "q,k,v,o",
       group_concat(iif(c.targets NOT IN ('q', 'q,v', 'q,k,v,o'), c.targets || ': ' || c.shown, NULL), '; ')
           AS "others",
       sum(c.n) AS n,
       (SELECT group_concat(value, ' / ') FROM (SELECT value FROM paper
         WHERE tab = 'T6' AND row LIKE 'WikiSQL %' AND col = 'r' || c.rank ORDER BY length(row)))
           AS "paper: WikiSQL",
       (SELECT group_concat(value, ' / ') FROM (SELECT value FROM paper
         WHERE tab = 'T6' AND row LIKE 'MNLI %' AND col = 'r' || c.rank ORDER BY length(row)))
           AS "paper: MNLI"
  FROM c
 GROUP BY c.model, c.task, c.method, c.rank
 ORDER BY c.model, c.task, c.method, c.rank;
