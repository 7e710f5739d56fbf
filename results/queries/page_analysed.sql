-- page: names under which numbers of analyses are stored, or may be: those of studies
SELECT name AS study FROM sweep UNION SELECT study FROM phi UNION SELECT study FROM analysis ORDER BY study;
