-- tags of runs and studies; filter with tag=, or with on= as in notes
-- shows: all
SELECT tag, kind, "on", tagged
  FROM tags
 WHERE (:tag IS NULL OR tag = :tag) AND (:on IS NULL OR "on" = :on OR (kind = 'run' AND "on" = substr(:on, 1, 8)))
 ORDER BY tag, kind DESC, "on";
