-- command: the ranks of the LoRA runs of a study (study=) with these targets=; filter with task=
SELECT DISTINCT c.rank
  FROM study_cells c
 WHERE c.study = :study AND c.method = 'lora' AND c.targets = :targets AND (:task IS NULL OR c.task = :task)
 ORDER BY c.rank;
