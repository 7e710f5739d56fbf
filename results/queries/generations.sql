-- texts that runs generated after training (run= the first digits of a key; study=, split=), with the numbers of their references' rows
-- shows: all
SELECT key8, split, input, prompt, text, tokens, finished, round(score, 4) AS score, rows
  FROM generations
 WHERE (:run IS NULL OR (run_key >= :run AND run_key < :run || 'g')) AND (:split IS NULL OR split = :split)
   AND (:study IS NULL OR run_id IN (SELECT sr.run_id FROM study s JOIN sweep_run sr ON sr.plan_id = s.plan_id
                                      WHERE s.study = :study))
 ORDER BY run_id, split, input;
