/* study_table.c - which table a name stands for, and its rows. */
#include "results/pivot/study_table.h"
#include "core/opt/suggest.h"
#include "core/opt/yaml.h"
#include "core/os/path.h"
#include "core/os/share.h"
#include "results/pivot/pivot_table.h"
#include "results/pivot/pivot_words.h"
#include "results/pivot/shows.h"
#include "results/query/footnote.h"
#include "results/query/query.h"
#include "results/query/query_file.h"

#include <stdlib.h>
#include <string.h>

/* What is being looked for. */
struct search {
    struct store *s;
    const char *home;
    bool people;
    struct pivot_words words;                /* of the layout */
    const char *params[2 * PIVOT_WORDS + 3]; /* the other words */
};

static const char *param(const char *const *params, const char *name)
{
    for (; params[0]; params += 2)
        if (strcmp(params[0], name) == 0)
            return params[1];
    return NULL;
}

/* How many finished runs the study has (NULL: all studies together), if none of them gave a number;
 * else 0. */
static long runs_without_number(struct store *s, const char *study, const char *task)
{
    static const char sql[] =
        "SELECT count(DISTINCT r.run_id) AS done, (SELECT sum(n) FROM study_cells"
        " WHERE (:study IS NULL OR study = :study) AND (:task IS NULL OR task = :task)) AS numbers"
        " FROM study_cells c JOIN sweep_run sr ON sr.plan_id = c.plan_id"
        " JOIN run r ON r.run_id = sr.run_id AND r.cell_key = c.cell_key AND r.state = 'done'"
        " WHERE (:study IS NULL OR c.study = :study) AND (:task IS NULL OR c.task = :task)";
    const char *const words[] = { "study", study, "task", task, NULL };
    struct rows r;

    if (query_rows(s, &r, sql, words) != 0)
        return 0;
    const char *done = rows_get(&r, 0, "done"), *numbers = rows_get(&r, 0, "numbers");
    long n = done && (!numbers || strtol(numbers, NULL, 10) == 0) ? strtol(done, NULL, 10) : 0;
    rows_free(&r);
    return n;
}

/* The table is empty: say which command fills it, or that no run gave a number. */
static int nothing_to_show(struct store *s, const char *name, const char *study,
                           const char *const *params)
{
    long runs = runs_without_number(s, study, param(params, "task"));
    char *make = query_make(name), *of = study ? xprintf(" of study '%s'", study) : xstrdup("");

    if (make)
        fail(FAIL_RUN, "table '%s'%s is still empty; this fills it: %s", name, of, make);
    else if (runs > 0)
        fail(FAIL_RUN,
             "nothing to show in table '%s'%s: none of its %ld finished runs gave a number; "
             "'lowrank query curves' has what they recorded",
             name, of, runs);
    else
        fail(FAIL_RUN, "no runs yet for table '%s'%s; 'lowrank status' shows what there is", name,
             of);
    free(of);
    free(make);
    return -1;
}

/* A table with a query of its own. */
static int query_table(struct study_table *t, const struct search *o, const char *name,
                       const char *sql)
{
    const char **rest = xalloc(2 * PIVOT_WORDS + 1, sizeof *rest);
    struct scope of = { 0 };
    const char *study = footnote_study(sql, o->params);
    char *what = xprintf("table '%s'", name);
    int rc = scope_take(&of, rest, o->s, sql, o->params);

    if (rc == 0 && !of.study)
        of.study = study;
    if (rc == 0)
        rc = shows_check(o->s, &of, sql, what);
    char *scoped = rc == 0 ? scope_sql(&of, sql) : NULL;
    if (rc == 0)
        rc = query_rows(o->s, &t->r, scoped, rest);
    if (rc == 0 && t->r.n_rows == 0)
        rc = footnote_empty(o->s, sql, o->params) == 0
                 ? nothing_to_show(o->s, name, of.study, o->params)
                 : fail_context("table '%s'", name);
    else if (rc == 0)
        rc = footnote_excluded(&t->r, o->s, study);
    free(scoped);
    free(what);
    free(rest);
    return rc;
}

/* --- a table of any study */

struct layout_text {
    char *rows, *cols, *also;
};

static int read_layout(struct pivot_layout *l, struct layout_text *t, const struct pivot *p,
                       const struct pivot_words *w, bool asked)
{
    const char *const name[] = { "rows", "cols", "also" };
    char **text[] = { &t->rows, &t->cols, &t->also };
    struct pivot_keys *keys[] = { &l->rows, &l->cols, &l->also };

    for (size_t i = 0; i < ARRAY_LEN(name); i++) {
        const char *list = pivot_words_get(w, name[i]);
        *text[i] = xstrdup(list ? list : "");
        if (pivot_split(keys[i], p, *text[i], asked) != 0)
            return -1;
    }
    l->average = pivot_words_get(w, "average") != NULL;
    return 0;
}

/* The words of the command line are a promise: what they do not show is not added. */
static int check_layout(const struct pivot *p, const struct pivot_layout *l, bool asked)
{
    struct pivot_keys k = l->rows;

    for (int i = 0; i < l->cols.n; i++)
        pivot_add(&k, l->cols.key[i]);
    return asked && k.n ? pivot_mixed(p, &k, "this table") : 0;
}

static char *make_title(const struct pivot *p, const struct pivot_ask *a, const char *study)
{
    char *label = pivot_label(p, a), *common = pivot_common(p, true);
    bool mean = a->stat == PIVOT_MEAN || a->stat == PIVOT_BEST_EPOCH;
    char *title = xprintf("study %s: %s%s; %s", study, label,
                          mean ? ", mean ± half of the 95 % interval (seeds)" : " (seeds)", common);

    free(common);
    free(label);
    return title;
}

static int read_stat(enum pivot_stat *stat, const char *name)
{
    if (!name)
        return 0;
    for (int i = 0; pivot_stats[i]; i++)
        if (strcmp(pivot_stats[i], name) == 0) {
            *stat = (enum pivot_stat)i;
            return 0;
        }
    return suggest_fail(FAIL_USAGE, "stat", name, pivot_stats, NULL);
}

static int cells_table(struct study_table *t, const struct search *o, const struct scope *of,
                       bool asked)
{
    const struct pivot_words *w = &o->words;
    struct pivot_ask ask = { .value = pivot_words_get(w, "value") };
    struct pivot p = { 0 };
    struct pivot_layout l = { 0 };
    struct layout_text text = { 0 };
    struct rows beside = { 0 };
    const char *query = pivot_words_get(w, "beside");
    int rc = read_stat(&ask.stat, pivot_words_get(w, "stat"));

    if (rc == 0)
        rc = pivot_read(&p, o->s, of, &ask, pivot_words_get(w, "average") != NULL);
    if (rc == 0)
        rc = read_layout(&l, &text, &p, w, asked);
    if (rc == 0 && query)
        rc = query_find(query) ? query_named(o->s, &beside, query, NULL)
                               : suggest_fail(FAIL_USAGE, "query", query, query_names(), NULL);
    if (rc == 0)
        rc = check_layout(&p, &l, asked);
    if (rc == 0) {
        l.beside = query ? &beside : NULL;
        pivot_arrange(&l, &p);
        (o->people ? pivot_table : pivot_long)(&t->r, &p, &l);
        t->title = make_title(&p, &ask, of->study);
        rc = footnote_excluded(&t->r, o->s, of->study);
    }
    free(text.rows);
    free(text.cols);
    free(text.also);
    rows_free(&beside);
    pivot_free(&p);
    return rc;
}

/* ASKED: the layout was asked for in words, and nothing is added to it. */
static int layout_table(struct study_table *t, const struct search *o, const char *study,
                        bool asked)
{
    const char **rest = xalloc(2 * PIVOT_WORDS + 3, sizeof *rest);
    struct scope of = { .where = pivot_words_get(&o->words, "where") };
    int rc = scope_take(&of, rest, o->s, "", o->params);

    of.study = study;
    for (int i = 0; rc == 0 && rest[i]; i += 2)
        if (strcmp(rest[i], "study") != 0)
            rc = fail(FAIL_USAGE,
                      "'%s' is neither a word of tables (rows, cols, also, value, stat, where) nor "
                      "a recipe key of this store",
                      rest[i]);
    if (rc == 0)
        rc = cells_table(t, o, &of, asked);
    free(rest);
    return rc;
}

/* --- which table */

static int unknown_table(struct store *s, const char *name)
{
    struct rows r;
    const char *const *queries = query_names();
    int n = 0;

    if (query_named(s, &r, "cmd_studies", NULL) != 0)
        return -1;
    while (queries[n])
        n++;
    const char **all = xalloc((size_t)(n + r.n_rows) + 1, sizeof *all);
    for (int i = 0; i < n; i++)
        all[i] = queries[i];
    for (int i = 0; i < r.n_rows; i++)
        all[n + i] = rows_get(&r, i, "study");
    suggest_fail(FAIL_USAGE, "table or study", name, all,
                 "'lowrank table --list' lists tables, 'lowrank status' studies");
    free(all);
    rows_free(&r);
    return -1;
}

/* The table NAME for study STUDY, or for its own: a query, or the words of a study's file. A study
 * that is there has a table in any case. */
static int named_table(struct study_table *t, struct search *o, const char *name, const char *study)
{
    char *sql = NULL;
    int n = 0, rc = query_file(&sql, o->home, name);

    while (o->params[n])
        n += 2;
    if (rc == 0 && sql && study && !param(o->params, "study")) {
        o->params[n] = "study";
        o->params[n + 1] = study;
    }
    if (rc == 0 && sql)
        rc = query_table(t, o, name, sql);
    else if (rc == 0) {
        rc = pivot_words_file(&o->words, name, "table");
        if (rc == 0 && (!study || strcmp(name, study) != 0))
            rc = unknown_table(o->s, name);
        else if (rc == 1 && !study)
            rc = fail(FAIL_RUN, "no runs yet for table '%s': lowrank sweep %s", name, name);
        else if (rc >= 0)
            rc = layout_table(t, o, study, false);
    }
    free(sql);
    return rc;
}

/* Older versions gave a study the table of its own name, if there was one that takes a study. */
static bool has_table_of_its_name(const struct rows *study, const char *name)
{
    const char *old = rows_get(study, 0, "is_old"), *sql = query_find(name);

    return old && *old == '1' && (!sql || query_takes(sql, "study"));
}

static int find_table(struct study_table *t, struct search *o, const char *name, bool asked)
{
    const char *const of[] = { "study", name, NULL };
    const char *study = param(o->params, "study");
    struct rows r = { 0 };
    int rc = 0;

    if (!study && query_named(o->s, &r, "pivot_study", of) != 0)
        return -1;
    const char *own = rows_get(&r, 0, "table_name"), *words = rows_get(&r, 0, "table_words");
    if (r.n_rows && !asked && !own && !words && has_table_of_its_name(&r, name))
        own = name;
    if (r.n_rows && !asked && own) {
        rc = named_table(t, o, own, name);
    } else if (r.n_rows) {
        if (!asked)
            pivot_words_lines(&o->words, words);
        rc = layout_table(t, o, name, asked);
    } else if (study && asked) {
        rc = layout_table(t, o, study, true);
    } else {
        rc = named_table(t, o, name, study);
    }
    rows_free(&r);
    return rc;
}

int study_table(struct study_table *t, struct store *s, const char *home, const char *name,
                const char *const *params, bool people)
{
    struct search o = { .s = s, .home = home, .people = people };

    *t = (struct study_table){ 0 };
    pivot_words_take(&o.words, o.params, params, pivot_table_known);
    bool asked = pivot_words_get(&o.words, "rows") || pivot_words_get(&o.words, "cols");
    int rc = find_table(t, &o, name, asked);
    pivot_words_free(&o.words);
    return rc;
}

void study_table_free(struct study_table *t)
{
    rows_free(&t->r);
    free(t->title);
    *t = (struct study_table){ 0 };
}

int study_table_names(struct rows *r)
{
    char *dir = share_path("ablations");
    glob_t g = path_glob(dir, "*.yaml");
    int rc = 0;

    query_tables(r);
    for (size_t i = 0; i < g.gl_pathc && rc == 0; i++) {
        struct yaml *y = yaml_load(g.gl_pathv[i]);
        const struct yaml_node *root = y ? yaml_root(y) : NULL,
                               *n = y ? yaml_get(root, "table") : NULL;
        char *title =
            y ? xprintf("%s (%s)", yaml_str(root, "title", ""), yaml_str(root, "source", ""))
              : NULL;
        rc = y ? 0 : -1;
        if (n && yaml_kind(n) == YAML_MAP)
            rows_add(r, (const char *[]){ yaml_str(root, "study", ""), title });
        free(title);
        yaml_free(y);
    }
    globfree(&g);
    free(dir);
    return rc;
}
