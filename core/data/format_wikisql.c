/* format_wikisql.c - WikiSQL's questions with column names (Zhong et al. 2017), one object a line:
 *
 *     {"table_id": ..., "question": ..., "sql": {"sel": column, "agg": "" or COUNT or ...,
 *                                                "conds": [[column, operator, value], ...]}}
 *
 * The tables themselves are another file of the corpus; here "columns" are those that the queries
 * of the whole file name of a table, in alphabetical order, so that they do not tell which of them
 * a query uses. "sql" is written as WikiSQL's own code prints it:
 *
 *     SELECT [agg ]sel FROM table[ WHERE column operator value[ AND ...]] */
#include "core/base/text.h"
#include "core/data/json_rows.h"

#include <stdlib.h>
#include <string.h>

static const char *const columns[] = { "question", "columns", "sql", "table", NULL };
enum { QUESTION, COLUMNS, SQL, TABLE, N_COLUMNS };

/* A column that a query names. */
struct named {
    char *table, *column;
};
struct named_list {
    struct named *s;
    int n, cap;
};

static void add_name(struct named_list *l, const char *table, const char *column)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 1024;
        l->s = xgrow(l->s, (size_t)l->cap, sizeof *l->s);
    }
    l->s[l->n++] = (struct named){ xstrdup(table), xstrdup(column) };
}

static int by_name(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int order = strcmp(x->table, y->table);

    return order ? order : strcmp(x->column, y->column);
}

/* A condition [column, operator, value]; the value may be a number. Appended to TO. */
static int add_condition(struct text *to, const struct reader *r, const json_t *c, const char *join)
{
    const char *column = json_rows_string(json_array_get(c, 0)),
               *op = json_rows_string(json_array_get(c, 1));
    const json_t *v = json_array_get(c, 2);
    const char *value = json_rows_string(v);

    if (json_array_size(c) != 3 || !column || !op || (!value && !json_is_number(v)))
        return json_rows_fail(
            r, "a condition in 'conds' must be [column name, operator, value]; files "
               "with numbers for names, as first published, need their tables");
    char *number = value ? NULL : json_dumps(v, JSON_ENCODE_ANY);
    text_add(to, "%s%s %s %s", join, column, op, value ? value : number);
    free(number);
    return 0;
}

/* The parts of an object that a row is made of. */
struct query {
    const char *table, *question, *sel, *agg;
    const json_t *conds;
};

static int read_query(struct query *q, const struct reader *r, const json_t *object)
{
    const json_t *sql = json_object_get(object, "sql");

    *q = (struct query){ json_rows_string(json_object_get(object, "table_id")),
                         json_rows_string(json_object_get(object, "question")),
                         json_rows_string(json_object_get(sql, "sel")),
                         json_rows_string(json_object_get(sql, "agg")),
                         json_object_get(sql, "conds") };
    if (!q->table || !q->question)
        return json_rows_fail(r, q->table ? "'question' must be a string"
                                          : "'table_id' must be a string");
    if (!q->sel || !q->agg || !json_is_array(q->conds))
        return json_rows_fail(
            r, "'sql' must have the strings 'sel' and 'agg' and the list 'conds'; files "
               "with numbers for names, as first published, need their tables");
    return 0;
}

/* The first pass: which columns the queries name. */
static int collect_row(struct reader *r, const json_t *object)
{
    struct named_list *l = r->own;
    struct query q;
    size_t i;
    const json_t *c;

    if (read_query(&q, r, object) != 0)
        return -1;
    add_name(l, q.table, q.sel);
    json_array_foreach(q.conds, i, c)
    {
        const char *column = json_rows_string(json_array_get(c, 0));
        if (column) /* the second pass says what is wrong otherwise */
            add_name(l, q.table, column);
    }
    return 0;
}

static void add_columns(struct text *to, const struct named_list *l, const char *table)
{
    struct named key = { (char *)(uintptr_t)table, (char *)(uintptr_t) "" };
    int low = 0, high = l->n;

    while (low < high) { /* the first of the table's columns */
        int mid = low + (high - low) / 2;
        if (by_name(&l->s[mid], &key) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    for (int i = low; i < l->n && strcmp(l->s[i].table, table) == 0; i++)
        if (i == low || strcmp(l->s[i - 1].column, l->s[i].column) != 0)
            text_join(to, ", ", "%s", l->s[i].column);
}

static int query_row(struct reader *r, const json_t *object)
{
    struct text names = { 0 }, sql = { 0 };
    struct query q;
    int rc = read_query(&q, r, object);
    size_t i;
    const json_t *c;

    if (rc != 0)
        return -1;
    add_columns(&names, r->own, q.table);
    text_add(&sql, "SELECT %s%s%s FROM table", q.agg, *q.agg ? " " : "", q.sel);
    json_array_foreach(q.conds, i, c)
    {
        if (rc == 0)
            rc = add_condition(&sql, r, c, i == 0 ? " WHERE " : " AND ");
    }
    const char *value[N_COLUMNS] = { q.question, text_string(&names), text_string(&sql), q.table };
    if (rc == 0)
        reader_fields(r, value);
    text_free(&names);
    text_free(&sql);
    return rc;
}

static int wikisql_rows(struct reader *r)
{
    struct named_list l = { 0 };
    char *from = r->p;

    r->own = &l;
    int rc = json_rows_lines(r, collect_row);
    if (l.n > 0)
        qsort(l.s, (size_t)l.n, sizeof *l.s, by_name);
    if (rc == 0) {
        r->p = from;
        r->line = 1;
        r->f->n_skipped = 0;
        rc = json_rows_lines(r, query_row);
    }
    for (int i = 0; i < l.n; i++) {
        free(l.s[i].table);
        free(l.s[i].column);
    }
    free(l.s);
    return rc;
}

const struct data_format data_format_wikisql = { .name = "wikisql",
                                                 .source =
                                                     "JSON lines of WikiSQL with column names",
                                                 .id = 5,
                                                 .columns = columns,
                                                 .rows = wikisql_rows };
