-- the best learning rate of each arm of a study over lr (study=lr, alphalr): for every seed the vertex of the parabola through its best rate and both neighbors, over log lr; the geometric mean over seeds with its 95 % interval, and the ratio to full fine-tuning's, seed by seed
-- make: lowrank sweep lr
-- shows: model task method targets rank alpha batch train_n lr
WITH v AS MATERIALIZED (
    SELECT c.model, c.task, c.method, c.targets, c.rank, c.alpha, json_extract(r.config, '$.batch') AS batch, c.train_n, s.seed, c.lr, s.ordinal,
           json_array(c.model, c.task, c.train_n, json_extract(r.config, '$.batch')) AS place,
           json_array(c.model, c.task, c.method, c.targets, c.rank, c.alpha, json_extract(r.config, '$.batch'), c.train_n) AS arm,
           s.value * iif(s.goal = 'min', -1, 1) AS score
      FROM study_values s JOIN cell c ON c.cell_id = s.cell_id JOIN run r ON r.run_id = s.run_id
     WHERE s.study = coalesce(:study, 'lr') AND s.picking AND c.lr IS NOT NULL AND (:task IS NULL OR c.task = :task)),
o AS (
    SELECT *, row_number() OVER (PARTITION BY arm, seed ORDER BY score IS NULL, -score, lr) AS nth,
           count(*) OVER (PARTITION BY arm, seed) AS tried,
           lag(score) OVER w - score AS f1, lead(score) OVER w - score AS f2,
           ln(lag(lr) OVER w / lr) AS u1, ln(lead(lr) OVER w / lr) AS u2
      FROM v WINDOW w AS (PARTITION BY arm, seed ORDER BY lr)),
best AS MATERIALIZED ( -- at the end of the grid, or beside a rate that diverged, the best rate itself
    SELECT *, ln(lr) + coalesce((u1 * u1 * f2 - u2 * u2 * f1) / nullif(2 * (u1 * f2 - u2 * f1), 0), 0) AS x,
           u1 IS NULL OR u2 IS NULL AS at_edge
      FROM o WHERE nth = 1 AND tried > 3 AND score IS NOT NULL),
pair AS ( -- every seed alone, and against full fine-tuning with the same seed
    SELECT b.*, b.x - (SELECT f.x FROM best f WHERE f.method = 'ft' AND f.place = b.place AND f.seed = b.seed) AS d
      FROM best b),
m AS (
    SELECT *, avg(x) OVER a AS mx, avg(d) OVER a AS md FROM pair WINDOW a AS (PARTITION BY arm)),
g AS (
    SELECT model, task, method, targets, rank, alpha, batch, train_n, min(ordinal) AS ordinal, count(*) AS n, max(mx) AS mx,
           sqrt(sum((x - mx) * (x - mx)) / nullif(count(*) - 1, 0) / count(*)) AS sx, count(d) AS nd, max(md) AS md,
           sqrt(sum((d - md) * (d - md)) / nullif(count(d) - 1, 0) / count(d)) AS sd, sum(at_edge) AS edges, max(tried) AS tried
      FROM m GROUP BY arm)
SELECT g.model, g.task, g.method, g.targets, g.rank, g.alpha, g.batch, printf('%.2g', exp(mx)) AS "best lr",
       iif(g.n < 2 OR edges = g.n, NULL, printf('%.2g to %.2g', exp(mx - t.value * sx), exp(mx + t.value * sx))) AS "95 % interval",
       iif(method = 'ft' OR nd = 0, NULL, printf('%.3g', exp(md))) AS "over full fine-tuning's",
       iif(method = 'ft' OR nd < 2, NULL, printf('%.2g to %.2g', exp(md - u.value * sd), exp(md + u.value * sd))) AS "interval of the ratio",
       edges AS "seeds at an end of the grid", g.n, tried AS rates
  FROM g LEFT JOIN t95 t ON t.df = min(g.n - 1, 30) LEFT JOIN t95 u ON u.df = min(g.nd - 1, 30)
 ORDER BY g.ordinal;
