/* cmd_list.c - "lowrank list": the names that other commands take, from tables and from the
 * program's files. */
#include "core/cmd.h"
#include "core/adapt/adapt.h"
#include "core/base/terminal.h"
#include "core/base/text.h"
#include "core/metric/metric.h"
#include "core/opt/suggest.h"
#include "core/opt/yaml.h"
#include "core/os/file.h"
#include "experiments/assets/find.h"
#include "experiments/assets/model_dir.h"
#include "experiments/assets/task_dir.h"
#include "experiments/sources/model_card.h"
#include "experiments/recipe/keys.h"
#include "plots/figure/figure_find.h"
#include "results/query/dictionary.h"
#include "results/query/query.h"
#include "results/rows/rows.h"
#include "results/store/store.h"

#include <stdlib.h>
#include <string.h>

struct flags {
    char *home, *data;
    int format;
};
static const struct opt opts[] = {
    HOME_OPTION(struct flags),
    DATA_OPTION(struct flags),
    FORMAT_OPTION(struct flags),
    { .type = OPT_END },
};

/* --- one table for each kind of name; all have the same type, whether they need the folders or
 * not */

static void add_method(struct rows *r, const struct adapt *a)
{
    struct text keys = { 0 };

    for (const struct opt *o = a->opts; o && o->type != OPT_END; o++)
        text_join(&keys, " ", "%s", o->key);
    rows_add(r, (const char *[]){ a->name, a->source, a->formula, adapt_unmerged(a) ? "no" : "yes",
                                  text_string(&keys) });
    text_free(&keys);
}

static int list_methods(struct rows *r, const struct session *ses, bool brief)
{
    const char *const cols[] = {
        "method", "source", "trainable parameters", "merges", brief ? NULL : "keys", NULL
    };

    (void)ses;
    rows_init(r, cols);
    for (const struct adapt *const *a = adapt_table; *a; a++)
        add_method(r, *a);
    add_method(r, adapt_nothing);
    if (brief)
        rows_note(r, "'lowrank run method=NAME --help' explains the keys of a method");
    return 0;
}

static int list_metrics(struct rows *r, const struct session *ses, bool brief)
{
    static const char *const cols[] = { "metric", "of", "better", "definition", NULL };

    (void)ses, (void)brief;
    rows_init(r, cols);
    for (const struct metric *const *m = metric_table; *m; m++) {
        const char *of = metric_of_names[(*m)->of];
        const char *better = (*m)->goal == GOAL_MAX ? "higher" : "lower";
        rows_add(r, (const char *[]){ (*m)->name, of, better, (*m)->source });
    }
    return 0;
}

static const char *task_here(const struct session *ses, const struct task *t)
{
    char *dir = task_dir(ses, t);
    const char *here = dir ? "yes" : t->prepare ? "made when used" : "no";

    free(dir);
    return here;
}

static void add_task(struct rows *r, const struct session *ses, const struct task *t)
{
    struct text metrics = { 0 };
    char labels[24];

    if (t->generates)
        snprintf(labels, sizeof labels, t->n_labels ? "text (%d)" : "text", t->n_labels);
    else
        snprintf(labels, sizeof labels, t->regression ? "number" : "%d", t->n_labels);
    for (int k = 0; k < t->n_metrics; k++)
        text_join(&metrics, " ", "%s", t->metrics[k]);
    rows_add(
        r, (const char *[]){ t->name, labels, text_string(&metrics), task_here(ses, t), t->title });
    text_free(&metrics);
}

static int list_tasks(struct rows *r, const struct session *ses, bool brief)
{
    static const char *const cols[] = { "task", "labels", "metrics", "here", "title", NULL };
    glob_t g = find_files("experiments/tasks", "yaml");
    struct task t;
    int rc = 0;

    (void)brief;
    rows_init(r, cols);
    for (size_t i = 0; i < g.gl_pathc && rc == 0; i++) {
        if ((rc = task_load(&t, g.gl_pathv[i])) != 0)
            continue;
        add_task(r, ses, &t);
        task_free(&t);
    }
    globfree(&g);
    return rc;
}

/* Folders in HOME/models of models that have no card. */
static void add_other_models(struct rows *r, const char *home, int n_cards)
{
    char *models = home_path(home, "models");
    glob_t g = path_glob(models, "*/config.json");

    for (size_t i = 0; i < g.gl_pathc; i++) {
        *strrchr(g.gl_pathv[i], '/') = 0;
        const char *name = strrchr(g.gl_pathv[i], '/') + 1;
        bool known = false;
        for (int k = 0; k < n_cards; k++)
            known |= strcmp(rows_get(r, k, "model"), name) == 0;
        if (!known)
            rows_add(r, (const char *[]){ name, "yes", NULL, "a folder of yours" });
    }
    globfree(&g);
    free(models);
}

static int list_models(struct rows *r, const struct session *ses, bool brief)
{
    static const char *const cols[] = { "model", "here", "license", "title", NULL };
    glob_t g = find_files("experiments/models", "yaml");
    struct model_card c;
    int rc = 0;

    (void)brief;
    rows_init(r, cols);
    for (size_t i = 0; i < g.gl_pathc && rc == 0; i++) {
        if ((rc = model_card_load(&c, g.gl_pathv[i])) != 0)
            continue;
        char *dir = model_dir(ses->home, c.name);
        rows_add(r, (const char *[]){ c.name, dir ? "yes" : "no", c.licence, c.title });
        free(dir);
        model_card_free(&c);
    }
    globfree(&g);
    if (rc == 0)
        add_other_models(r, ses->home, r->n_rows);
    return rc;
}

static int list_studies(struct rows *r, const struct session *ses, bool brief)
{
    const char *const cols[] = { "study", "title", "source", brief ? NULL : "file", NULL };
    glob_t g = find_files("ablations", "yaml");
    char *home = home_path(ses->home, "studies");
    glob_t own = path_glob(home, "*.yaml");
    int rc = 0;

    rows_init(r, cols);
    for (size_t i = 0; i < g.gl_pathc && rc == 0; i++) {
        struct yaml *y = yaml_load(g.gl_pathv[i]);
        if (!y) {
            rc = -1;
            continue;
        }
        const struct yaml_node *root = yaml_root(y);
        char *name = find_stem(g.gl_pathv[i]), *file = xprintf("ablations/%s.yaml", name);
        rows_add(r, (const char *[]){ name, yaml_str(root, "title", NULL),
                                      yaml_str(root, "source", NULL), file });
        free(file);
        free(name);
        yaml_free(y);
    }
    for (size_t i = 0; i < own.gl_pathc; i++) {
        char *name = find_stem(own.gl_pathv[i]);
        rows_add(r, (const char *[]){ name, "a sweep of yours", NULL, own.gl_pathv[i] });
        free(name);
    }
    globfree(&own);
    globfree(&g);
    free(home);
    return rc;
}

/* The first line of TEXT without a comment sign. */
static void first_line(char *out, size_t size, const char *text)
{
    text += strspn(text, "-#! \t");
    snprintf(out, size, "%.*s", (int)strcspn(text, "\r\n"), text);
}

static int list_figures(struct rows *r, const struct session *ses, bool brief)
{
    (void)brief;
    return figure_all_names(r, ses->home);
}

static int list_queries(struct rows *r, const struct session *ses, bool brief)
{
    static const char *const cols[] = { "query", "shows", NULL };
    char shows[256];

    (void)ses;
    rows_init(r, cols);
    for (const char *const *q = query_names(); *q; q++) {
        if (brief && !query_for_people(*q))
            continue;
        first_line(shows, sizeof shows, query_find(*q));
        rows_add(r, (const char *[]){ *q, shows });
    }
    return 0;
}

static int list_views(struct rows *r, const struct session *ses, bool brief)
{
    (void)ses, (void)brief;
    dictionary_views(r);
    return 0;
}

/* The columns of VIEW in the store, with a line about each. */
static int list_columns(struct rows *r, const struct session *ses, const char *view)
{
    static const char *const cols[] = { "column", "explanation", NULL };
    const char *const params[] = { "view", view, NULL };
    char *path = home_path(ses->home, "lowrank.db");
    struct store *s = NULL;
    struct rows found = { 0 };
    int rc = store_open(&s, path, STORE_READ);

    if (rc == 0)
        rc = query_named(s, &found, "cmd_columns", params);
    if (rc == 0 && found.n_rows == 0)
        rc = fail(FAIL_USAGE, "unknown view '%s'; 'lowrank list views' lists them", view);
    rows_init(r, cols);
    for (int i = 0; i < found.n_rows && rc == 0; i++) {
        const char *name = rows_get(&found, i, "name");
        char *text = dictionary_find("column", name);
        const struct opt *key = text ? NULL : keys_find(name);
        rows_add(r, (const char *[]){ name, text ? text : key ? key->help : NULL });
        free(text);
    }
    rows_free(&found);
    store_close(s);
    free(path);
    return rc;
}

static const struct {
    const char *name;
    int (*fill)(struct rows *r, const struct session *ses, bool brief);
} kinds[] = {
    { "methods", list_methods }, { "tasks", list_tasks },     { "models", list_models },
    { "studies", list_studies }, { "figures", list_figures }, { "queries", list_queries },
    { "metrics", list_metrics }, { "views", list_views },
};

static const struct opt_usage usage = {
    .command = "list",
    .usage = "KIND [VIEW]",
    .about = "list the names that other commands take, with a line about each",
    .detail = "KIND is one of\n"
              "  methods  ways to adapt a model\n"
              "  tasks    what models are trained for, and whether their files are here\n"
              "  models   pretrained models, and whether their files are here\n"
              "  studies  studies of the program\n"
              "  figures  figures of the program, and yours\n"
              "  queries  named queries\n"
              "  metrics  scores of tasks\n"
              "  views    views of the result database\n"
              "  columns  columns of VIEW\n"
              "             lowrank list columns study_cells\n",
    .example = "lowrank list tasks --data ~/data",
    .min_args = 1,
    .max_args = 2,
};

static int list_print(const struct session *ses, const char *what, int format)
{
    const char *names[ARRAY_LEN(kinds) + 1] = { 0 };
    struct rows r = { 0 };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        names[i] = kinds[i].name;
        if (strcmp(what, kinds[i].name) != 0)
            continue;
        if (kinds[i].fill(&r, ses, format == ROWS_TABLE && !terminal_wide) == 0)
            return rows_print_free(&r, format);
        rows_free(&r);
        return -1;
    }
    return suggest_fail(FAIL_USAGE, "list", what, names, NULL);
}

static int list_of_view(const struct session *ses, const char *view, int format)
{
    struct rows r = { 0 };
    int rc = list_columns(&r, ses, view);

    if (rc == 0)
        return rows_print_free(&r, format);
    rows_free(&r);
    return rc;
}

static int list_work(void *cfg, int argc, char **argv)
{
    const struct flags *f = cfg;
    struct session ses;

    session_init(&ses, f->home, f->data);
    bool columns = strcmp(argv[1], "columns") == 0;
    int rc;
    if (columns && argc > 2)
        rc = list_of_view(&ses, argv[2], f->format);
    else if (columns)
        rc = fail(FAIL_USAGE, "of which view? 'lowrank list views' lists them");
    else if (argc > 2)
        rc = fail(FAIL_USAGE, "'list %s' takes no other word, not '%s'", argv[1], argv[2]);
    else
        rc = list_print(&ses, argv[1], f->format);
    session_free(&ses);
    return rc;
}

static int list_command(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct flags), list_work, argc, argv);
}

const struct cmd cmd_list = { "list", "look", "names of methods, tasks, models, studies, ...",
                              list_command };
