-- every trial of a study (study=NAME), with all values of the nuisance or searched keys; choice 1 is what the tables show; of a search: outcome, the epochs that were trained, the mean over tuning seeds (their number)
-- shows: all
SELECT study, choice, trial, model, task, method, targets, rank, alpha, outcome, trained, edge, metric,
       shown AS "value {text}", mean AS "mean {data}", half AS "half {data}", n,
       n_planned, n_diverged, substr(point, 1, 8) AS point, substr(cell_key, 1, 8) AS cell
  FROM (SELECT study, choice, trial, model, task, method, targets, rank, alpha, NULL AS outcome, NULL AS trained,
               NULL AS edge, which || ' ' || metric AS metric, shown, mean, half, n, n_planned, n_diverged, point, cell_key,
               ordinal, plan_id
          FROM study_trials t
         WHERE (:study IS NULL OR study = :study) AND (n > 0 OR n_diverged > 0)
           AND NOT EXISTS (SELECT 1 FROM tuning u WHERE u.plan_id = t.plan_id AND u.point = t.point)
        UNION ALL
        SELECT t.study, t.outcome = 'chosen', t.trial, t.model, t.task, t.method, t.targets, t.rank, t.alpha, t.outcome,
               t.trained, t.edge, t.metric, t.shown, t.score, NULL, t.n, t.n_runs, t.n_diverged, t.point, r.cell_key, t.ordinal, t.plan_id
          FROM study_tuning t JOIN run r ON r.run_id = t.any_run_id
         WHERE (:study IS NULL OR t.study = :study) AND (t.n > 0 OR t.n_diverged > 0))
 ORDER BY study, min(ordinal) OVER (PARTITION BY study, point), point, choice DESC, ordinal;
