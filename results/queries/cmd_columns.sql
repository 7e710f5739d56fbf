-- command: the columns of a view (view=)
SELECT name FROM pragma_table_info(:view) ORDER BY cid;
