-- what 'lowrank ablate' has computed: of which study, with which settings (empty: the defaults), from how many runs, when
SELECT s.study, s.kind, s.settings, count(*) AS numbers,
       (SELECT count(*) FROM (SELECT run_a FROM analysis_value v WHERE v.set_id = s.set_id AND run_a > 0
                              UNION SELECT run_b FROM analysis_value v WHERE v.set_id = s.set_id AND run_b > 0)) AS runs,
       iif(s.at > 0, strftime('%Y-%m-%d %H:%M', s.at, 'unixepoch'), NULL) AS "last (UTC)"
  FROM analysed s JOIN analysis_value v ON v.set_id = s.set_id
 WHERE (:study IS NULL OR s.study = :study) AND (:kind IS NULL OR s.kind = :kind)
 GROUP BY s.set_id
 ORDER BY s.study, s.kind, s.settings;
