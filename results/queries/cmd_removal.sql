-- command: the folders and sizes of the runs in keys=, a JSON list, before they are removed; share: of the rows of the database that are theirs
WITH r AS MATERIALIZED (SELECT run_id, run_key FROM run WHERE run_key IN (SELECT value FROM json_each(:keys)))
SELECT r.run_key AS key,
       (SELECT a.adapter_dir FROM attempt a WHERE a.run_id = r.run_id AND a.adapter_dir IS NOT NULL
         ORDER BY a.attempt DESC LIMIT 1) AS adapter_dir,
       (SELECT 1.0 * ((SELECT count(*) FROM metric m JOIN r q USING(run_id)) + (SELECT count(*) FROM prediction p JOIN r q USING(run_id)))
               / max(1, (SELECT count(*) FROM metric) + (SELECT count(*) FROM prediction))) AS share
  FROM r
 ORDER BY r.run_id;
