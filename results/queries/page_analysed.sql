-- page: the studies whose runs have been analyzed or could be
SELECT name AS study FROM sweep UNION SELECT study FROM analysed ORDER BY study;
