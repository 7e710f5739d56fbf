-- page: the studies that numbers of analyses stand under, or may
SELECT name AS study FROM sweep UNION SELECT study FROM analysed ORDER BY study;
