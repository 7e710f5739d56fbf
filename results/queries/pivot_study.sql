-- pivot: what the file of a study (study=) says: its axes and the keys of its trials in order, one on a line, its table and figure (is_old: planned when their names were not recorded)
SELECT t.study, t.metric, t.which, json_extract(w.spec, '$.title') AS title,
       iif(json_type(w.spec, '$.table') = 'object', NULL, json_extract(w.spec, '$.table')) AS table_name,
       json_type(w.spec, '$.recipe') IS NULL AS is_old,
       iif(json_type(w.spec, '$.figure') = 'object', NULL, json_extract(w.spec, '$.figure')) AS figure_name,
       (SELECT group_concat(key || '=' || value, char(10)) FROM json_each(w.spec, '$.table')
         WHERE json_type(w.spec, '$.table') = 'object') AS table_words,
       (SELECT group_concat(key || '=' || value, char(10)) FROM json_each(w.spec, '$.figure')
         WHERE json_type(w.spec, '$.figure') = 'object') AS figure_words,
       (SELECT group_concat(key, char(10)) FROM (SELECT key FROM json_each(w.spec, '$.axes')
         UNION ALL SELECT key FROM json_each(w.spec, '$.zip'))) AS axes,
       (SELECT group_concat(key, char(10)) FROM (SELECT key FROM json_each(w.spec, '$.nuisance')
         UNION ALL SELECT key FROM json_each(w.spec, '$.search') WHERE type IN ('object', 'array'))) AS trial_keys
  FROM study t JOIN sweep w ON w.sweep_id = t.sweep_id
 WHERE t.study = :study;
