/* scope.c - conditions on recipe keys, added to a query as common table expressions that hide the
 * views of the same names. */
#include "results/pivot/scope.h"
#include "core/base/text.h"
#include "results/query/query.h"

#include <stdlib.h>
#include <string.h>

int scope_is_key(struct store *s, const char *name)
{
    const char *const params[] = { "name", name, NULL };
    struct rows r;

    if (query_rows(s, &r, "SELECT 1 FROM pragma_table_info('cell') WHERE cid > 1 AND name = :name",
                   params) != 0)
        return -1;
    int known = r.n_rows > 0;
    rows_free(&r);
    return known;
}

int scope_take(struct scope *o, const char **rest, struct store *s, const char *sql,
               const char *const *params)
{
    int n = 0;

    for (const char *const *p = params; p && p[0]; p += 2) {
        bool own = query_takes(sql, p[0]);
        if (strcmp(p[0], "where") == 0 && !own) {
            o->where = p[1];
            continue;
        }
        if (strcmp(p[0], "study") == 0)
            o->study = p[1];
        int key = own ? 0 : scope_is_key(s, p[0]);
        if (key < 0)
            return -1;
        if (key > 0 && o->n == SCOPE_WORDS)
            return fail(FAIL_USAGE, "more than %d conditions", SCOPE_WORDS);
        if (key > 0) {
            o->key[o->n] = p[0];
            o->value[o->n++] = p[1];
        } else {
            rest[n++] = p[0];
            rest[n++] = p[1];
        }
    }
    rest[n] = NULL;
    return 0;
}

static void add_quoted(struct text *t, const char *s, size_t n)
{
    text_add(t, "'");
    for (size_t i = 0; i < n; i++)
        text_add(t, s[i] == '\'' ? "''" : "%c", s[i]);
    text_add(t, "'");
}

/* A number is compared as a number: lr=2e-3 is 0.002. */
static void add_value(struct text *t, const char *key, const char *s, size_t n)
{
    char *copy = xprintf("%.*s", (int)n, s), *end;
    double x = strtod(copy, &end);

    if (t->n)
        text_add(t, " OR ");
    if (strcmp(copy, "none") == 0)
        text_add(t, "coalesce(\"%s\", '') = ''", key);
    else if (*copy && !*end)
        text_add(t, "(typeof(\"%s\") <> 'text' AND \"%s\" = %.17g)", key, key, x);
    else {
        text_add(t, "\"%s\" = ", key);
        add_quoted(t, s, n);
    }
    free(copy);
}

/* The whole word, its parts between ';', and, if the key holds no lists, those between ','. */
static char *condition(const char *key, const char *value)
{
    struct text t = { 0 };
    bool lists = strcmp(key, "targets") == 0 || strchr(value, ';');
    const char *marks = strchr(value, ';') ? ";" : ",";

    add_value(&t, key, value, strlen(value));
    for (const char *s = value; (!lists || *marks == ';') && strpbrk(value, marks);) {
        size_t n = strcspn(s, marks);
        add_value(&t, key, s, n);
        if (!s[n])
            break;
        s += n + 1;
    }
    return text_take(&t);
}

static char *conditions(const struct scope *o)
{
    struct text t = { 0 };

    for (int i = 0; i < o->n; i++) {
        char *one = condition(o->key[i], o->value[i]);
        text_join(&t, " AND ", "(%s)", one);
        free(one);
    }
    if (o->where)
        text_join(&t, " AND ", "(%s)", o->where);
    return text_take(&t);
}

/* The views, with what of each says whether a row is kept. */
static const char *const hidden[][2] = {
    { "study_cells", "cell_id IN scope_cells" },
    { "study_trials", "cell_id IN scope_cells" },
    { "study_values", "cell_id IN scope_cells" },
    { "study_tuning", "cell_id IN scope_cells" },
    { "analysis", "(run_a = 0 OR run_a IN scope_runs) AND (run_b = 0 OR run_b IN scope_runs)" },
    { "analyses", "(run_a = 0 OR run_a IN scope_runs) AND (run_b = 0 OR run_b IN scope_runs)" },
    { "phi", "(run_a = 0 OR run_a IN scope_runs) AND (run_b = 0 OR run_b IN scope_runs)" },
};

static bool has_word(const char *sql, const char *word)
{
    size_t n = strlen(word);

    for (const char *p = strstr(sql, word); p; p = strstr(p + 1, word))
        if ((p == sql || strchr(" \n(,", p[-1])) && strchr(" \n),.;", p[n]))
            return true;
    return false;
}

char *scope_sql(const struct scope *o, const char *sql)
{
    struct text t = { 0 };

    if (o->n == 0 && !o->where)
        return xstrdup(sql);
    char *wanted = conditions(o);
    text_add(&t,
             "scope_cells AS MATERIALIZED (SELECT cell_id FROM main.cell WHERE %s\n),"
             " scope_runs AS MATERIALIZED (SELECT run_id FROM main.run r INDEXED BY run_brief"
             " WHERE cell_id IN scope_cells)",
             wanted);
    for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
        if (has_word(sql, hidden[i][0]))
            text_add(&t, ", %s AS (SELECT * FROM main.%s WHERE %s)", hidden[i][0], hidden[i][0],
                     hidden[i][1]);
    char *both = query_with(sql, text_string(&t));
    text_free(&t);
    free(wanted);
    return both;
}
