/* cmd_list.c - "lowrank list": the names that other commands take, from tables and from files of
 * the program. */
#include "core/cmd.h"
#include "core/adapt/adapt.h"
#include "core/base/file.h"
#include "core/base/opt.h"
#include "core/base/yaml.h"
#include "core/metric/metric.h"
#include "experiments/assets/fetch.h"
#include "results/query/query.h"
#include "results/rows/rows.h"
#include "results/store/store.h"
#include "experiments/recipe/recipe.h"
#include "core/base/suggest.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

struct flags {
    char *home, *data;
    int format;
};
static const struct opt opts[] = {
    HOME_OPTION(struct flags),
    { "data", 0, OPT_STR, offsetof(struct flags, data), NULL, 0, 0, NULL,
      "folder of data (default: LOWRANK_DATA, else HOME/data)" },
    FORMAT_OPTION(struct flags),
    { .type = OPT_END },
};

/* The files FOLDER/NAME.SUFFIX of the program, in order of names. */
static glob_t files_of(const char *folder, const char *suffix)
{
    char *dir = share_path(folder), *pattern = xprintf("%s/*.%s", dir, suffix);
    glob_t g = { 0 };

    if (glob(pattern, 0, NULL, &g) != 0)
        g.gl_pathc = 0;
    free(pattern);
    free(dir);
    return g;
}

/* "mrpc" of "/x/mrpc.yaml"; caller frees. */
static char *stem(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

    return xprintf("%.*s", (int)strcspn(name, "."), name);
}

/* --- what there is: each fills the table */

static void key_words(char *out, size_t size, const struct opt *o)
{
    size_t n = 0;

    out[0] = 0;
    for (; o && o->type != OPT_END && n < size; o++)
        n += (size_t)snprintf(out + n, size - n, "%s%s", n ? " " : "", o->key);
}

static int list_methods(struct rows *r)
{
    static const char *const cols[] = { "method", "source", "trained numbers",
                                        "keys",   "merges", NULL };
    char keys[1024];

    rows_init(r, cols);
    for (const struct adapt *const *a = adapt_table; *a; a++) {
        key_words(keys, sizeof keys, (*a)->opts);
        rows_add(r, (const char *[]){ (*a)->name, (*a)->source, (*a)->formula, keys,
                                      adapt_unmerged(*a) ? "no" : "yes" });
    }
    return 0;
}

static int list_metrics(struct rows *r)
{
    static const char *const cols[] = { "metric", "of", "better", "definition", NULL };

    rows_init(r, cols);
    for (const struct metric *const *m = metric_table; *m; m++) {
        const char *of = (*m)->regression ? "regression" : "classification";
        const char *better = (*m)->goal == GOAL_MAX ? "higher" : "lower";
        rows_add(r, (const char *[]){ (*m)->name, of, better, (*m)->source });
    }
    return 0;
}

static const char *task_here(const struct task *t)
{
    char *dir = task_dir(t, NULL);
    const char *here = dir ? "yes" : t->prepare ? "made when used" : "no";

    free(dir);
    return here;
}

static int list_tasks(struct rows *r)
{
    static const char *const cols[] = { "task", "labels", "metrics", "here", "title", NULL };
    glob_t g = files_of("experiments/tasks", "yaml");
    struct task t;
    char labels[24], metrics[256];
    int rc = 0;

    rows_init(r, cols);
    for (size_t i = 0; i < g.gl_pathc && rc == 0; i++) {
        if ((rc = task_load(&t, g.gl_pathv[i])) != 0)
            continue;
        snprintf(labels, sizeof labels, t.regression ? "number" : "%d", t.n_labels);
        metrics[0] = 0;
        for (int k = 0; k < t.n_metrics; k++)
            snprintf(metrics + strlen(metrics), sizeof metrics - strlen(metrics), "%s%s",
                     k ? " " : "", t.metrics[k]);
        rows_add(r, (const char *[]){ t.name, labels, metrics, task_here(&t), t.title });
        task_free(&t);
    }
    globfree(&g);
    return rc;
}

/* Folders of HOME/models that no card names. */
static void add_other_models(struct rows *r, int n_cards)
{
    char *pattern = home_path("models/*/config.json");
    glob_t g = { 0 };

    if (glob(pattern, 0, NULL, &g) != 0)
        g.gl_pathc = 0;
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
    free(pattern);
}

static int list_models(struct rows *r)
{
    static const char *const cols[] = { "model", "here", "licence", "title", NULL };
    glob_t g = files_of("experiments/models", "yaml");
    struct model_card c;
    int rc = 0;

    rows_init(r, cols);
    for (size_t i = 0; i < g.gl_pathc && rc == 0; i++) {
        if ((rc = model_card_load(&c, g.gl_pathv[i])) != 0)
            continue;
        char *dir = model_dir(c.name);
        rows_add(r, (const char *[]){ c.name, dir ? "yes" : "no", c.licence, c.title });
        free(dir);
        model_card_free(&c);
    }
    globfree(&g);
    if (rc == 0)
        add_other_models(r, r->n_rows);
    return rc;
}

static int list_studies(struct rows *r)
{
    static const char *const cols[] = { "study", "source", "title", "file", NULL };
    glob_t g = files_of("ablations", "yaml");
    int rc = 0;

    rows_init(r, cols);
    for (size_t i = 0; i < g.gl_pathc && rc == 0; i++) {
        struct yaml *y = yaml_load(g.gl_pathv[i]);
        if (!y) {
            rc = -1;
            continue;
        }
        const struct yaml_node *root = yaml_root(y);
        char *name = stem(g.gl_pathv[i]), *file = xprintf("ablations/%s.yaml", name);
        rows_add(r, (const char *[]){ name, yaml_str(root, "source", NULL),
                                      yaml_str(root, "title", NULL), file });
        free(file);
        free(name);
        yaml_free(y);
    }
    globfree(&g);
    return rc;
}

/* The first line of TEXT without a comment sign. */
static void first_line(char *out, size_t size, const char *text)
{
    text += strspn(text, "-#! \t");
    snprintf(out, size, "%.*s", (int)strcspn(text, "\r\n"), text);
}

static int list_figures(struct rows *r)
{
    static const char *const cols[] = { "figure", "title", NULL };
    glob_t g = files_of("plots", "gp");
    char title[256];
    struct file f;
    int rc = 0;

    rows_init(r, cols);
    for (size_t i = 0; i < g.gl_pathc && rc == 0; i++) {
        char *name = stem(g.gl_pathv[i]);
        bool is_figure = strcmp(name, "style") != 0; /* what all figures share */
        if (is_figure && (rc = file_map(&f, g.gl_pathv[i])) == 0) {
            char *text = xprintf("%.*s", (int)(f.size < 255 ? f.size : 255), (const char *)f.data);
            first_line(title, sizeof title, text);
            rows_add(r, (const char *[]){ name, title });
            free(text);
            file_unmap(&f);
        }
        free(name);
    }
    globfree(&g);
    return rc;
}

static int list_queries(struct rows *r)
{
    static const char *const cols[] = { "query", "shows", NULL };
    char shows[256];

    rows_init(r, cols);
    for (const char *const *q = query_names(); *q; q++) {
        first_line(shows, sizeof shows, query_find(*q));
        rows_add(r, (const char *[]){ *q, shows });
    }
    return 0;
}

static const struct {
    const char *name;
    int (*fill)(struct rows *r);
} kinds[] = {
    { "methods", list_methods }, { "tasks", list_tasks },     { "models", list_models },
    { "studies", list_studies }, { "figures", list_figures }, { "queries", list_queries },
    { "metrics", list_metrics },
};

static const struct opt_usage usage = {
    .command = "list",
    .usage = "methods|tasks|models|studies|figures|queries|metrics",
    .about = "names that other commands take, each with a line about it",
    .example = "lowrank list tasks --data ~/data",
    .min_args = 1,
    .max_args = 1,
};

static int list(const char *what, int format)
{
    const char *names[ARRAY_LEN(kinds) + 1] = { 0 };
    struct rows r = { 0 };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        names[i] = kinds[i].name;
        if (strcmp(what, kinds[i].name) != 0)
            continue;
        if (kinds[i].fill(&r) == 0)
            return rows_print_free(&r, format);
        rows_free(&r);
        return -1;
    }
    const char *near = suggest_word(what, names);
    return near ? fail(FAIL_USAGE, "cannot list '%s'; did you mean '%s'?", what, near)
                : fail(FAIL_USAGE, "cannot list '%s'; there are %s", what, usage.usage);
}

static int work(void *cfg, int argc, char **argv)
{
    const struct flags *f = cfg;

    (void)argc;
    home_option = f->home;
    data_option = f->data;
    return list(argv[1], f->format);
}

static int run(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct flags), work, argc, argv);
}

const struct cmd cmd_list = { "list", "look", "names of methods, tasks, models, studies, ...",
                              run };
