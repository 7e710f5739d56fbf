/* look.c - what the commands that read the store have in common. */
#include "results/query/look.h"
#include "core/base/suggest.h"

#include <stdlib.h>
#include <string.h>

const struct opt look_opts[] = { HOME_OPTION(struct look),
                                 FORMAT_OPTION(struct look),
                                 { .type = OPT_END } };
const struct opt look_list_opts[] = {
    HOME_OPTION(struct look),
    FORMAT_OPTION(struct look),
    { "list", 'l', OPT_BOOL, offsetof(struct look, list), NULL, 0, 0, NULL, "list the names" },
    { .type = OPT_END },
};

int look_open(struct store **s, const struct look *cfg)
{
    char *path = home_path(cfg->home, "lowrank.db");
    int rc = store_open(s, path, STORE_READ);
    free(path);
    return rc;
}

const char **look_params(char **word, int n)
{
    const char **list = xalloc((size_t)n * 2 + 1, sizeof *list);

    for (int i = 0; i < n; i++) {
        char *eq = strchr(word[i], '=');
        if (!eq || eq == word[i]) {
            fail(FAIL_USAGE, "'%s' must be name=value", word[i]);
            free(list);
            return NULL;
        }
        *eq = 0;
        list[2 * i] = word[i];
        list[2 * i + 1] = eq + 1;
    }
    return list;
}

static bool is_part(const char *query)
{
    static const char *const prefix[] = { "fig_", "claim_", "page_" };

    for (size_t i = 0; i < ARRAY_LEN(prefix); i++)
        if (strncmp(query, prefix[i], strlen(prefix[i])) == 0)
            return true;
    return false;
}

int look_list(enum rows_format f, bool tables)
{
    static char name[] = "name", shows[] = "shows", numeric[] = { 0, 0 };
    char *col[] = { name, shows };
    struct rows r = { .n_cols = 2, .col = col, .numeric = numeric };
    int n = 0;

    while (query_names()[n])
        n++;
    r.cell = xalloc((size_t)n * 2, sizeof *r.cell);
    for (int i = 0; i < n; i++) {
        const char *text = query_find(query_names()[i]);
        if (tables && is_part(query_names()[i]))
            continue;
        text += strspn(text, "- ");
        r.cell[2 * r.n_rows] = xstrdup(query_names()[i]);
        r.cell[2 * r.n_rows++ + 1] = xprintf("%.*s", (int)strcspn(text, "\n"), text);
    }
    int rc = rows_print(stdout, &r, f);
    for (int i = 0; i < 2 * r.n_rows; i++)
        free(r.cell[i]);
    free(r.cell);
    return rc;
}

int look_unknown(const char *name, const char *command)
{
    const char *near = suggest_word(name, query_names());

    return near ? fail(FAIL_USAGE, "there is no query '%s'; did you mean '%s'?", name, near)
                : fail(FAIL_USAGE, "there is no query '%s'; '%s --list' lists them", name, command);
}

void sections_begin(struct sections *o, struct store *s, enum rows_format f)
{
    *o = (struct sections){ .s = s, .format = f };
    if (f == ROWS_JSON)
        fputs("{", stdout);
}

int sections_add(struct sections *o, const char *title, const char *empty, const char *sql,
                 const char *const *params)
{
    static const char *const before[] = { "%s\n", "# %s\n", "\"%s\": ", "### %s\n\n", "%% %s\n" };
    bool people = o->format != ROWS_JSON && o->format != ROWS_CSV;
    struct rows r;

    if (store_query(o->s, &r, sql, params) != 0)
        return -1;
    if (people && r.n_rows == 0 && !empty) {
        rows_free(&r);
        return 0;
    }
    if (o->n++)
        fputs(o->format == ROWS_JSON ? ",\n" : "\n", stdout);
    printf(before[o->format], title);
    int rc = 0;
    if (people && r.n_rows == 0)
        printf("%s\n", empty);
    else
        rc = rows_print(stdout, &r, (enum rows_format)o->format);
    rows_free(&r);
    return rc;
}

int sections_end(struct sections *o)
{
    if (o->format == ROWS_JSON)
        fputs("}\n", stdout);
    return output_end(stdout);
}
