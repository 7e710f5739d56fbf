-- claim: by how many of the pairs (pairs=[[a,b],...]) a is right more often than b, and for how many examples that is so
SELECT score, count(*) AS n
  FROM (SELECT sum((a.output = a.label) - (b.output = b.label)) AS score, count(*) AS k
          FROM json_each(:pairs) j
          CROSS JOIN prediction a ON a.run_id = json_extract(j.value, '$[0]') AND a.split = :split
          CROSS JOIN prediction b ON b.run_id = json_extract(j.value, '$[1]') AND b.split = :split
                                     AND b.example = a.example AND b.label = a.label
         GROUP BY a.example)
 WHERE k = json_array_length(:pairs)
 GROUP BY score ORDER BY score;
