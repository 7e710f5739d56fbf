/* figure_find.c - which figure a name stands for. */
#include "plots/figure/figure_find.h"
#include "core/opt/home.h"
#include "core/opt/suggest.h"
#include "core/opt/yaml.h"
#include "core/os/path.h"
#include "core/os/share.h"
#include "plots/figure/figure_study.h"
#include "results/query/query.h"

#include <stdlib.h>
#include <string.h>

/* What is being looked for. */
struct search {
    struct store *s;
    const char *home;
    struct pivot_words words;                /* of a figure of any study */
    const char *params[2 * PIVOT_WORDS + 3]; /* the other words */
};

static const char *param(const char *const *params, const char *name)
{
    for (; params[0]; params += 2)
        if (strcmp(params[0], name) == 0)
            return params[1];
    return NULL;
}

static int study_figure(struct figure *f, struct search *o, const char *name, const char *study,
                        bool asked)
{
    const char *rest[2 * PIVOT_WORDS + 3] = { 0 };
    struct scope of = { .where = pivot_words_get(&o->words, "where") };
    int rc = scope_take(&of, rest, o->s, "", o->params);

    of.study = study;
    for (int i = 0; rc == 0 && rest[i]; i += 2)
        if (strcmp(rest[i], "study") != 0)
            rc = fail(
                FAIL_USAGE,
                "'%s' is neither a word of figures (x, y, series, panel, kind, logx, stat, split, "
                "curves, where) nor a recipe key of this store",
                rest[i]);
    return rc == 0 ? figure_study(f, o->s, name, &of, &o->words, asked) : -1;
}

static int unknown_figure(const struct search *o, const char *name)
{
    struct rows figures = { 0 }, studies = { 0 };
    int n = 0, rc = figure_all_names(&figures, o->home);

    if (rc == 0)
        rc = query_named(o->s, &studies, "cmd_studies", NULL);
    const char **all = xalloc((size_t)(figures.n_rows + studies.n_rows) + 1, sizeof *all);
    for (int i = 0; i < figures.n_rows; i++)
        all[n++] = rows_get(&figures, i, "figure");
    for (int i = 0; i < studies.n_rows; i++)
        all[n++] = rows_get(&studies, i, "study");
    if (rc == 0)
        suggest_fail(FAIL_USAGE, "figure or study", name, all,
                     "'lowrank figure --list' lists figures, 'lowrank status' studies");
    free(all);
    rows_free(&figures);
    rows_free(&studies);
    return -1;
}

static int template_figure(struct figure *f, struct search *o, const char *name, const char *study)
{
    int n = 0;

    while (o->params[n])
        n += 2;
    if (study && !param(o->params, "study")) {
        o->params[n] = "study";
        o->params[n + 1] = study;
    }
    if (template_load(&f->t, o->home, name) != 0)
        return -1;
    return figure_read(f, o->s, o->params);
}

/* The figure NAME for study STUDY, or for its own. A study that is there has a figure in any
 * case. */
static int named_figure(struct figure *f, struct search *o, const char *name, const char *study)
{
    size_t n = strlen(name);
    char *path = template_path(o->home, name);
    bool found = path || (n > 3 && strcmp(name + n - 3, ".gp") == 0);

    free(path);
    if (found)
        return template_figure(f, o, name, study);
    int rc = pivot_words_file(&o->words, name, "figure");
    if (rc == 0 && (!study || strcmp(name, study) != 0))
        return unknown_figure(o, name);
    if (rc == 1 && !study)
        return fail(FAIL_RUN, "no runs yet for figure '%s': lowrank sweep %s", name, name);
    return rc < 0 ? -1 : study_figure(f, o, name, study, false);
}

/* Do the words say what stands where? Then those of the study's file do not count. */
static bool is_asked(const struct pivot_words *w)
{
    static const char *const of[] = { "x", "y", "series", "panel", "kind", "curves" };
    bool asked = false;

    for (size_t i = 0; i < ARRAY_LEN(of); i++)
        asked |= pivot_words_get(w, of[i]) != NULL;
    return asked;
}

int figure_find(struct figure *f, struct store *s, const char *home, const char *name,
                const char *const *params)
{
    struct search o = { .s = s, .home = home };
    const char *const of[] = { "study", name, NULL };
    pivot_words_take(&o.words, o.params, params, figure_words);
    bool asked = is_asked(&o.words);
    const char *study = param(o.params, "study");
    struct rows r = { 0 };
    int rc = 0;

    if (!study)
        rc = query_named(s, &r, "pivot_study", of);
    const char *own = rows_get(&r, 0, "figure_name"), *words = rows_get(&r, 0, "figure_words");
    const char *old = rows_get(&r, 0, "is_old");
    if (r.n_rows && !asked && !own && !words && old && *old == '1')
        own = name; /* older versions gave a study the figure of its own name */
    if (rc == 0 && r.n_rows && !asked && own) {
        rc = named_figure(f, &o, own, name);
    } else if (rc == 0 && r.n_rows) {
        if (!asked)
            pivot_words_lines(&o.words, words);
        rc = study_figure(f, &o, name, name, asked);
    } else if (rc == 0 && study && asked) {
        rc = study_figure(f, &o, name, study, true);
    } else if (rc == 0) {
        rc = named_figure(f, &o, name, study);
    }
    rows_free(&r);
    pivot_words_free(&o.words);
    return rc;
}

/* --- their names */

static void add_template(struct rows *r, const char *name)
{
    struct template t;

    if (template_load(&t, NULL, name) == 0) {
        rows_add(r, (const char *[]){ t.name, t.about });
        template_free(&t);
    }
}

static void add_study(struct rows *r, const char *path)
{
    struct yaml *y = yaml_load(path);
    const struct yaml_node *n = y ? yaml_get(yaml_root(y), "figure") : NULL;
    const char *slash = strrchr(path, '/');
    char *name = xprintf("%.*s", (int)strcspn(slash + 1, "."), slash + 1);

    if (n && yaml_kind(n) == YAML_MAP)
        rows_add(r, (const char *[]){ name, yaml_str(yaml_root(y), "title", "") });
    free(name);
    yaml_free(y);
}

int figure_all_names(struct rows *r, const char *home)
{
    static const char *const cols[] = { "figure", "title", NULL };
    char *name[MAX_FIGURES + 1], *dir = share_path("ablations");
    int n = template_names(name);
    glob_t g = path_glob(dir, "*.yaml");

    rows_init(r, cols);
    for (int i = 0; i < n; i++) {
        add_template(r, name[i]);
        free(name[i]);
    }
    for (size_t i = 0; n >= 0 && i < g.gl_pathc; i++)
        add_study(r, g.gl_pathv[i]);
    globfree(&g);
    free(dir);
    dir = home_path(home, "plots");
    g = path_glob(dir, "*.gp");
    for (size_t i = 0; n >= 0 && i < g.gl_pathc; i++)
        add_template(r, g.gl_pathv[i]);
    globfree(&g);
    free(dir);
    return n < 0 ? -1 : 0;
}
