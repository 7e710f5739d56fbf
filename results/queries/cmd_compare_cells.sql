-- command: of two cells (a=, b=) the task, the number of finished runs, and what is excluded
SELECT iif(cell_key = :a, 'a', 'b') AS side, min(task) AS task, sum(state = 'done') AS done,
       sum(state = 'diverged') AS diverged, sum(state = 'excluded') AS excluded
  FROM run WHERE cell_key IN (:a, :b)
 GROUP BY cell_key ORDER BY 1;
