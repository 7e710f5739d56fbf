-- command: with what the attempts of a run (run=, a run_id) were made, each environment once
SELECT DISTINCT env
  FROM provenance
 WHERE run_id = CAST(:run AS INTEGER) AND env IS NOT NULL
 ORDER BY attempt DESC;
