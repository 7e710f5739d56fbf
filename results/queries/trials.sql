-- every trial of a study (study=NAME), with all values of the nuisance keys; choice 1 is what the tables show
SELECT study, choice, trial, model, task, method, targets, rank, alpha, which, metric, shown AS value, n, n_planned,
       n_diverged, substr(point, 1, 8) AS point, substr(cell_key, 1, 8) AS cell
  FROM study_trials
 WHERE (:study IS NULL OR study = :study) AND (n > 0 OR n_diverged > 0)
 ORDER BY study, min(ordinal) OVER (PARTITION BY study, point), point, choice DESC, ordinal;
