-- claim: what 'lowrank reevaluate' stored of all examples of each split, adapter=, in the form of the table prediction
SELECT e.run_id, e.split, p.example, p.label, p.output
  FROM evaluation e JOIN evaluation_prediction p ON p.evaluation_id = e.evaluation_id
 WHERE e.adapter = :adapter AND e.n = 0
