-- command: how far every study is; filter with study=; archived=1: also those that were put away
WITH linked AS (
    SELECT plan_id, run_id, 1 AS reports FROM sweep_run
    UNION ALL
    SELECT plan_id, run_id, 0 FROM tuning t -- runs of trials that a search stopped are no work
     WHERE outcome <> 'stopped'
       AND NOT EXISTS (SELECT 1 FROM sweep_run sr WHERE sr.plan_id = t.plan_id AND sr.run_id = t.run_id)),
c AS ( -- a run whose worker is gone counts as queued: the next sweep takes it up
    SELECT w.sweep_id, w.plan_id, w.name AS study, w.archived, sum(l.reports) AS runs,
           sum(l.reports AND r.state = 'done') AS done, sum(l.reports AND r.state = 'excluded') AS excluded,
           sum(l.reports AND r.state = 'diverged') AS diverged, sum(r.state = 'failed') AS failed,
           sum(r.state = 'running' AND NOT owner_stale(r.owner, r.lease, r.lease_boot)) AS running,
           sum(iif(r.state = 'running', owner_stale(r.owner, r.lease, r.lease_boot), r.state = 'queued')) AS queued,
           nullif(round(sum(iif(r.state IN ('queued', 'running'), r.cost, 0)) / 60, 1), 0) AS minutes_left
      FROM sweep w CROSS JOIN linked l ON l.plan_id = w.plan_id CROSS JOIN run r ON r.run_id = l.run_id
     WHERE iif(:study IS NULL, w.archived IS NULL OR :archived, w.name = :study)
     GROUP BY w.sweep_id),
arms AS (
    SELECT plan_id, count(*) AS arms, sum(chosen) AS chosen
      FROM (SELECT plan_id, point, max(outcome = 'chosen') AS chosen FROM tuning GROUP BY plan_id, point)
     GROUP BY plan_id)
SELECT study || iif(archived IS NULL, '', ' (archived)') AS study,
       CASE WHEN a.arms IS NULL THEN NULL
            WHEN a.chosen < a.arms THEN printf('%d of %d arms', a.chosen, a.arms)
            WHEN done < runs THEN 'reporting' ELSE 'complete' END AS search,
       runs, done,
       trim(iif(running > 0, ', ' || running || ' running', '') || iif(queued > 0, ', ' || queued || ' queued', '')
            || iif(failed > 0, ', ' || failed || ' failed', '') || iif(diverged > 0, ', ' || diverged || ' diverged', '')
            || iif(excluded > 0, ', ' || excluded || ' excluded', ''), ', ') AS others,
       excluded, diverged, failed, running, queued, minutes_left
  FROM c LEFT JOIN arms a USING(plan_id)
 ORDER BY sweep_id;
