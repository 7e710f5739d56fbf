-- the numbers of the paper as printed; filter with table= (6 or T6), row=, col=
SELECT tab AS "table", row, col AS "column", value, spread, note
  FROM paper
 WHERE (:table IS NULL OR tab = :table OR tab = 'T' || :table) AND (:row IS NULL OR row = :row)
   AND (:col IS NULL OR col = :col)
 ORDER BY CAST(substr(tab, 2) AS INTEGER), row, col;
