-- notes on runs and studies; filter with on=, the beginning of the key of a run or the name of a study
-- shows: all
SELECT note_id AS number, kind, "on", text AS note, written
  FROM notes
 WHERE :on IS NULL OR "on" = :on OR (kind = 'run' AND "on" = substr(:on, 1, 8))
 ORDER BY note_id;
