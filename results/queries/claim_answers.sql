-- claim: the labels and answers of both runs of each pair (pairs=[[a,b],...]) on the examples of split= that all of these runs answered
WITH v AS (
    SELECT j.key AS pair, a.example, a.label, a.output AS a, b.output AS b, count(*) OVER (PARTITION BY a.example) AS k
      FROM json_each(:pairs) j
      CROSS JOIN prediction a ON a.run_id = json_extract(j.value, '$[0]') AND a.split = :split
                                 AND a.output IS NOT NULL
      CROSS JOIN prediction b ON b.run_id = json_extract(j.value, '$[1]') AND b.split = :split
                                 AND b.example = a.example AND b.label = a.label AND b.output IS NOT NULL)
SELECT pair, example, label, a, b
  FROM v WHERE k = json_array_length(:pairs)
 ORDER BY pair, example;
