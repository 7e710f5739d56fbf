-- claim: how many examples only a or only b answered right, for each of pairs=[[a,b],...]
SELECT j.key AS pair, sum(a.output = a.label AND b.output <> b.label) AS only_a,
       sum(a.output <> a.label AND b.output = b.label) AS only_b
  FROM json_each(:pairs) j
  CROSS JOIN prediction a ON a.run_id = json_extract(j.value, '$[0]') AND a.split = :split
  CROSS JOIN prediction b ON b.run_id = json_extract(j.value, '$[1]') AND b.split = :split
                             AND b.example = a.example AND b.label = a.label
 GROUP BY j.key ORDER BY j.key;
