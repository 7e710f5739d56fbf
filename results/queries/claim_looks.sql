-- claim: the recorded looks at one verdict, by number of units; claim=, test=, model=, task=, plan=
SELECT units, p, inside, datetime(at, 'unixepoch') AS at
  FROM look
 WHERE claim = :claim AND test = :test AND model = :model AND task = :task AND plan_id = :plan
 ORDER BY units;
