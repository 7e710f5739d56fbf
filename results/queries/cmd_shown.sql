-- command: what the parameter study= of a table can be: studies, and what analyses were stored under
SELECT name AS study FROM sweep UNION SELECT study FROM analysed ORDER BY 1;
