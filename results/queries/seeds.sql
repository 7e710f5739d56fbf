-- variance components of a balanced design order_seed x init_seed x seed, with data_seed in a Latin square (random model, F tests): the shares have few degrees of freedom and are rough; every combination has the same seeds, so the rest is not pure repetition; "order x init" is what a combination has beyond its order, init and data
-- shows: model task method order_seed init_seed data_seed
WITH v AS MATERIALIZED (
    SELECT r.model, r.task, r.method, s.metric, json_extract(r.config, '$.order_seed') AS o,
           json_extract(r.config, '$.init_seed') AS i, json_extract(r.config, '$.data_seed') AS dat, iif(s.percent, 100, 1) * s.value AS y
      FROM study_values s JOIN run r ON r.run_id = s.run_id
     WHERE s.study = coalesce(:study, 'seeds') AND s.main AND s.value IS NOT NULL AND (:task IS NULL OR r.task = :task)),
w AS (
    SELECT *, avg(y) OVER g AS mean, avg(y) OVER (PARTITION BY model, task, method, o) AS mean_o,
           avg(y) OVER (PARTITION BY model, task, method, i) AS mean_i,
           avg(y) OVER (PARTITION BY model, task, method, dat) AS mean_d,
           avg(y) OVER (PARTITION BY model, task, method, o, i) AS mean_oi,
           count(*) OVER (PARTITION BY model, task, method, o, i) AS reps
      FROM v WINDOW g AS (PARTITION BY model, task, method)),
q AS ( -- sums of squares; undefined when a combination has fewer runs than another
    SELECT model, task, method, metric, count(*) AS n, min(mean) AS mean, sqrt(sum((y - mean) * (y - mean))
           / (count(*) - 1.0)) AS sd, 1.0 * count(DISTINCT o) AS a, 1.0 * count(DISTINCT i) AS b, 1.0 * min(reps) AS k,
           min(reps) = max(reps) AND count(*) = count(DISTINCT o) * count(DISTINCT i) * min(reps)
               AND count(DISTINCT o) > 1 AND count(DISTINCT i) > 1 AND min(reps) > 1 AS balanced,
           count(DISTINCT dat) AS draws,
           count(DISTINCT o) > 2 AND count(DISTINCT o) = count(DISTINCT i) AND count(DISTINCT o) = count(DISTINCT dat)
               AND count(DISTINCT o || ',' || i || ',' || dat) = count(DISTINCT o) * count(DISTINCT i)
               AND count(DISTINCT o || ',' || dat) = count(DISTINCT o) * count(DISTINCT i)
               AND count(DISTINCT i || ',' || dat) = count(DISTINCT o) * count(DISTINCT i) AS latin,
           sum((mean_o - mean) * (mean_o - mean)) AS ss_o, sum((mean_i - mean) * (mean_i - mean)) AS ss_i,
           sum((mean_d - mean) * (mean_d - mean)) AS ss_d,
           sum((mean_oi - mean_o - mean_i + mean) * (mean_oi - mean_o - mean_i + mean)) AS ss_oi,
           sum((y - mean_oi) * (y - mean_oi)) AS ss_e
      FROM w GROUP BY model, task, method),
m AS ( -- mean squares; in a Latin square that of the data is taken out of that of the combinations
    SELECT *, ss_o / (a - 1) AS ms_o, ss_i / (b - 1) AS ms_i, iif(latin, ss_d / (a - 1), NULL) AS ms_d,
           (ss_oi - iif(latin, ss_d, 0)) / ((a - 1) * (b - 1 - latin)) AS ms_oi, (a - 1) * (b - 1 - latin) AS df_oi,
           ss_e / (n - a * b) AS ms_e
      FROM (SELECT * FROM q)),
c AS ( -- solved from the expected mean squares; a negative estimate becomes 0
    SELECT *, iif(balanced, max((ms_o - ms_oi) / (b * k), 0), NULL) AS var_o,
           iif(balanced, max((ms_i - ms_oi) / (a * k), 0), NULL) AS var_i,
           iif(balanced AND latin, max((ms_d - ms_oi) / (a * k), 0), NULL) AS var_d,
           iif(balanced, max((ms_oi - ms_e) / k, 0), NULL) AS var_oi, iif(balanced, ms_e, NULL) AS var_e
      FROM m),
d AS (SELECT *, nullif(var_o + var_i + coalesce(var_d, 0) + var_oi + var_e, 0) AS var FROM c),
f AS ( -- each mean square over the one that it would equal if its component were 0
    SELECT model, task, method, 'o' AS part, ms_o / nullif(ms_oi, 0) AS f, a - 1 AS d1, df_oi AS d2 FROM m WHERE balanced
    UNION ALL SELECT model, task, method, 'i', ms_i / nullif(ms_oi, 0), b - 1, df_oi FROM m WHERE balanced
    UNION ALL SELECT model, task, method, 'd', ms_d / nullif(ms_oi, 0), a - 1, df_oi FROM m WHERE balanced AND latin
    UNION ALL SELECT model, task, method, 'oi', ms_oi / nullif(ms_e, 0), df_oi, a * b * (k - 1) FROM m WHERE balanced),
x AS ( -- P(F > f), or 1 minus it, as z^e times a sum of n terms (Abramowitz and Stegun 1964, 26.6.4 and 26.6.5); undefined when both df are odd
    SELECT *, CAST(d1 AS INTEGER) % 2 AS odd, iif(CAST(d1 AS INTEGER) % 2, d1 * f, d2) / (d2 + d1 * f) AS z,
           iif(CAST(d1 AS INTEGER) % 2, d1, d2) / 2 AS e, iif(CAST(d1 AS INTEGER) % 2, d2, d1) / 2 AS n
      FROM f WHERE f IS NOT NULL),
sums(model, task, method, part, z, e, n, j, term, total) AS (
    SELECT model, task, method, part, z, e, n, 1, 1.0, 1.0 FROM x WHERE n = CAST(n AS INTEGER)
    UNION ALL
    SELECT model, task, method, part, z, e, n, j + 1, term * (1 - z) * (e + j - 1) / j, total + term * (1 - z) * (e + j - 1) / j
      FROM sums WHERE j < n),
tests AS (
    SELECT x.model, x.task, x.method, x.part, printf('%.2f (%d, %d', f, d1, d2)
           || iif(s.n IS NULL, '', printf('; %.3f', abs(odd - pow(s.z, s.e) * s.total))) || ')' AS shown
      FROM x LEFT JOIN sums s ON s.model = x.model AND s.task = x.task AND s.method = x.method AND s.part = x.part AND s.j = s.n)
SELECT model, task, method, metric, printf('%.1f', mean) AS mean, iif(n > 1, printf('%.2f', sd), NULL) AS "sd of all",
       iif(balanced, printf('%.2f', sqrt(var_o)), NULL) AS "sd: order", iif(balanced, printf('%.2f', sqrt(var_i)), NULL) AS "sd: init",
       iif(var_d IS NULL, NULL, printf('%.2f', sqrt(var_d))) AS "sd: data",
       iif(balanced, printf('%.2f', sqrt(var_oi)), NULL) AS "sd: order x init", iif(balanced, printf('%.2f', sqrt(var_e)), NULL) AS "sd: rest",
       (SELECT shown FROM tests t WHERE t.model = d.model AND t.task = d.task AND t.method = d.method AND part = 'o') AS "F order (df; p)",
       (SELECT shown FROM tests t WHERE t.model = d.model AND t.task = d.task AND t.method = d.method AND part = 'i') AS "F init (df; p)",
       (SELECT shown FROM tests t WHERE t.model = d.model AND t.task = d.task AND t.method = d.method AND part = 'd') AS "F data (df; p)",
       (SELECT shown FROM tests t WHERE t.model = d.model AND t.task = d.task AND t.method = d.method AND part = 'oi')
           AS "F order x init (df; p)",
       iif(balanced, CAST(a * b * (k - 1) AS INTEGER), NULL) AS "df rest",
       iif(var > 0, printf('%.0f', 100 * var_o / var), NULL) AS "rough % order",
       iif(var > 0, printf('%.0f', 100 * var_i / var), NULL) AS "rough % init",
       iif(var > 0 AND latin, printf('%.0f', 100 * var_d / var), NULL) AS "rough % data",
       iif(var > 0, printf('%.0f', 100 * var_oi / var), NULL) AS "rough % order x init",
       iif(var > 0, printf('%.0f', 100 * var_e / var), NULL) AS "rough % rest",
       CAST(a AS INTEGER) AS orders, CAST(b AS INTEGER) AS inits, draws, n,
       iif(NOT balanced, 'combinations are missing',
           iif(draws > 1 AND NOT latin, 'data_seed is not in a Latin square, so its variance is in the other columns', '')) AS note
  FROM d
 ORDER BY model, task, method;
