-- command: what all finished attempts did together: tokens trained on, attempts, evaluations on dev and on test
SELECT * FROM (
    SELECT sum(tokens) AS tokens, count(*) AS n,
           (SELECT count(*) FROM curves WHERE split = 'dev' AND metric = 'loss') AS dev,
           (SELECT count(DISTINCT run_id || ' ' || step) FROM final
             WHERE which IN ('test', 'test_best') AND metric = 'loss') AS test
      FROM attempt
     WHERE outcome = 'done')
 WHERE n > 0;
