/* cells.c - columns of the table cell for new recipe keys. */
#include "results/store/cells.h"
#include "core/base/text.h"
#include "results/store/db.h"

#include <stdlib.h>
#include <string.h>

/* Only the first run of each cell is read: the others differ from it in the seed. */
static const char new_keys[] =
    "SELECT DISTINCT j.key FROM run r, json_each(r.config) j"
    " WHERE r.run_id > ?1 AND r.cell_id = r.run_id AND j.key <> 'seed'"
    " AND j.key NOT GLOB '*[^a-z0-9_]*'"
    " AND j.key NOT IN (SELECT name FROM pragma_table_info('cell')) ORDER BY j.key";

/* The view that reads all keys of cell from a recipe: a list is written as "q,v". */
static char *recipe_view(struct store *s)
{
    sqlite3_stmt *st = db_stmt(
        s, "SELECT name, type FROM pragma_table_info('cell') WHERE cid > 1 ORDER BY cid", "");
    struct text t = { 0 };
    int more;

    if (!st)
        return NULL;
    text_add(&t,
             "DROP VIEW cell_recipe; CREATE VIEW cell_recipe AS SELECT run_id AS cell_id, apart");
    while ((more = db_step(s, st)) == 1) {
        const char *key = (const char *)sqlite3_column_text(st, 0);
        const char *type = (const char *)sqlite3_column_text(st, 1);
        text_add(&t, strcmp(type, "ANY") == 0 ? ", " : ", CAST(");
        text_add(&t,
                 "iif(json_type(config, '$.%s') = 'array',"
                 " trim(replace(config ->> '%s', '\"', ''), '[]'), config ->> '%s')",
                 key, key, key);
        if (strcmp(type, "ANY") != 0)
            text_add(&t, " AS %s)", type);
        text_add(&t, " AS \"%s\"", key);
    }
    text_add(&t, " FROM run;");
    if (more != 0)
        text_free(&t);
    return more == 0 ? text_take(&t) : NULL;
}

/* The new columns are NULL in the cells of older runs, which do not have these keys. */
static int add_columns(struct store *s, const char *alter, int64_t from)
{
    if (db_script(s, alter) != 0)
        return -1;
    char *view = recipe_view(s);
    int rc = view ? db_script(s, view) : -1;

    free(view);
    if (rc == 0 &&
        db_exec(s,
                "INSERT OR REPLACE INTO cell SELECT c.* FROM cell_recipe c"
                " JOIN run r ON r.run_id = c.cell_id AND r.cell_id = r.run_id WHERE c.cell_id > ?",
                "i", from) < 0)
        rc = -1;
    return rc;
}

int cells_add_keys(struct store *s)
{
    int64_t from = 0, to = 0;
    struct text alter = { 0 };
    int more = -1, rc = -1;

    if (db_number(s, &from, "SELECT value FROM meta WHERE key = 'cells_to'", "") < 0 ||
        db_number(s, &to, "SELECT coalesce(max(run_id), 0) FROM run", "") < 0)
        return -1;
    if (to <= from)
        return 0;
    bool nested = s->in_transaction;
    if (!nested && db_begin(s) != 0)
        return -1;
    sqlite3_stmt *st = db_stmt(s, new_keys, "i", from);
    while (st && (more = db_step(s, st)) == 1)
        text_add(&alter, "ALTER TABLE cell ADD COLUMN \"%s\" ANY;", sqlite3_column_text(st, 0));
    if (more == 0 && (!alter.n || add_columns(s, alter.s, from) == 0) &&
        db_exec(s, "INSERT OR REPLACE INTO meta VALUES('cells_to', ?)", "i", to) >= 0)
        rc = 0;
    text_free(&alter);
    return nested ? rc : db_end(s, rc == 0);
}
