/* figure_study.c - what is drawn of a study, and where. */
#include "plots/figure/figure_study.h"
#include "core/base/text.h"
#include "core/opt/suggest.h"
#include "core/os/share.h"
#include "results/query/footnote.h"
#include "results/query/query.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const figure_words[] = { "x",    "y",    "series", "panel",  "kind",
                                     "logx", "stat", "split",  "curves", NULL };
static const char *const kind_names[] = { "lines", "heat", "scatter", "curves", NULL };
enum { MOST_SERIES = 9, PANEL_COLS = 3 };

static int index_in(const char *name, const char *const *list)
{
    int i = 0;

    while (list[i] && strcmp(list[i], name) != 0)
        i++;
    return list[i] ? i : -1;
}

static int count_levels(const struct pivot *p, const char *key)
{
    const char **level;
    int n = pivot_levels(&level, p, key);

    free(level);
    return n;
}

/* Every value of KEY that is there can be placed on an axis of numbers. */
static bool is_scale(const struct pivot *p, const char *key)
{
    const char **level;
    int n = pivot_levels(&level, p, key);
    bool scale = pivot_numeric(p, key);

    for (int i = 0; i < n; i++)
        scale &= !*level[i] || strpbrk(level[i], "0123456789") != NULL;
    free(level);
    return scale;
}

/* The base of the axis on which the values of KEY are about evenly spaced: "" for a linear one. */
static const char *log_base(const struct pivot *p, const char *key, const char *word)
{
    const char **level, *base = "2";
    int n = pivot_levels(&level, p, key), from = 0;
    double lin[2] = { INFINITY, 0 }, geo[2] = { INFINITY, 0 };

    while (from < n && !*level[from])
        from++;
    bool some = n - from > 1 && strtod(level[from], NULL) > 0;
    for (int i = from; i < n; i++) {
        double x = strtod(level[i], NULL), twos = log2(x);
        if (fabs(twos - round(twos)) > 1e-9)
            base = "10";
        if (i == from)
            continue;
        double y = strtod(level[i - 1], NULL);
        lin[0] = fmin(lin[0], x - y), lin[1] = fmax(lin[1], x - y);
        geo[0] = fmin(geo[0], log(x / y)), geo[1] = fmax(geo[1], log(x / y));
    }
    bool wide = some && strtod(level[n - 1], NULL) >= 4 * strtod(level[from], NULL);
    bool even = n - from > 2 ? geo[1] / geo[0] < lin[1] / lin[0] : true;
    free(level);
    if (word)
        return some && strcmp(word, "false") != 0 ? base : "";
    return wide && even ? base : "";
}

/* --- roles */

/* The key for x: the one of an axis with the most numbers, else the last with names. */
static const char *choose_x(const struct pivot *p, const struct pivot_keys *all)
{
    const char *x = NULL;
    int most = 1;

    for (int i = 0; i < all->n; i++)
        if (is_scale(p, all->key[i]) && count_levels(p, all->key[i]) > most) {
            most = count_levels(p, all->key[i]);
            x = all->key[i];
        }
    for (int i = all->n - 1; i >= 0 && !x; i--)
        if (strcmp(all->key[i], "task") != 0 && strcmp(all->key[i], "model") != 0)
            x = all->key[i];
    return x ? x : all->n ? all->key[0] : "method";
}

static int count_groups(const struct pivot *p, const struct pivot_keys *k)
{
    return k->n ? pivot_groups(p, k) : 1;
}

/* Too many lines cannot be told apart: keys of series become panels. */
static void share_out(struct figure_plan *plan)
{
    const struct pivot *p = plan->p;

    while (plan->series.n > 1 && count_groups(p, &plan->series) > MOST_SERIES) {
        int best = 0;
        for (int i = 1; i < plan->series.n; i++)
            if (count_levels(p, plan->series.key[i]) < count_levels(p, plan->series.key[best]))
                best = i;
        pivot_add(&plan->panel, plan->series.key[best]);
        for (int i = best; i + 1 < plan->series.n; i++)
            plan->series.key[i] = plan->series.key[i + 1];
        plan->series.n--;
    }
}

/* All keys that tell cells apart have a place: those that the words leave open become series, a
 * task a panel. */
static int give_places(struct figure_plan *plan, bool asked)
{
    const struct pivot *p = plan->p;
    struct pivot_keys keep = plan->panel, all;
    bool open = plan->series.n == 0 && plan->panel.n == 0;

    for (int i = 0; i < plan->series.n; i++)
        pivot_add(&keep, plan->series.key[i]);
    if (plan->x && pivot_is_key(p, plan->x) && plan->kind != FIGURE_SCATTER)
        pivot_add(&keep, plan->x);
    if (plan->y)
        pivot_add(&keep, plan->y);
    if (asked && !open && plan->kind != FIGURE_SCATTER && pivot_mixed(p, &keep, "this figure") != 0)
        return -1;
    pivot_chosen(&all, p, &keep);
    if (!plan->x)
        plan->x = choose_x(p, &all);
    for (int i = 0; i < all.n; i++) {
        const char *key = all.key[i];
        bool placed = pivot_has(&plan->panel, key) || pivot_has(&plan->series, key) ||
                      strcmp(key, plan->x) == 0 || (plan->y && strcmp(key, plan->y) == 0);
        bool panel =
            plan->kind == FIGURE_HEAT || (strcmp(key, "task") == 0 && plan->kind != FIGURE_SCATTER);
        bool shown = plan->kind != FIGURE_SCATTER || strcmp(key, "method") == 0 ||
                     strcmp(key, "targets") == 0 || strcmp(key, "task") == 0; /* a point a cell */
        if (!placed && shown)
            pivot_add(panel ? &plan->panel : &plan->series, key);
    }
    if (plan->kind == FIGURE_LINES || plan->kind == FIGURE_CURVES)
        share_out(plan);
    return 0;
}

struct role_text {
    char *series, *panel;
};

static int read_roles(struct figure_plan *plan, struct role_text *t, const struct pivot_words *w,
                      bool asked)
{
    const char *series = pivot_words_get(w, "series"), *panel = pivot_words_get(w, "panel");

    t->series = xstrdup(series ? series : "");
    t->panel = xstrdup(panel ? panel : "");
    if (pivot_split(&plan->series, plan->p, t->series, asked) != 0 ||
        pivot_split(&plan->panel, plan->p, t->panel, asked) != 0)
        return -1;
    for (int i = 0; plan->kind == FIGURE_HEAT && i < plan->series.n; i++)
        pivot_add(&plan->panel, plan->series.key[i]); /* a heat map has no lines */
    if (plan->kind == FIGURE_HEAT)
        plan->series.n = 0;
    if (plan->kind == FIGURE_LINES && plan->x && !pivot_is_key(plan->p, plan->x)) {
        if (asked)
            return fail(FAIL_USAGE, "'x' is '%s', which is no recipe key of this store", plan->x);
        plan->x = NULL;
    }
    return 0;
}

/* --- the script */

static const char *axis_title(const char *key)
{
    static const char *const names[][2] = {
        { "rank", "rank {/:Italic r}" },
        { "alpha", "{/:Italic α}" },
        { "lr", "learning rate" },
        { "targets", "adapted matrices" },
        { "train_n", "training examples" },
        { "examples", "training examples" },
        { "batch", "batch size" },
        { "scale", "{/:Italic α} / {/:Italic r}" },
        { "parameters", "trainable parameters (without the head)" },
        { "cut", "rank {/:Italic R} of the frozen {/:Italic W}" },
        { "train_s", "training time (s)" },
        { "tokens_per_s", "tokens per second" },
        { "peak_rss_mb", "peak memory (MB)" },
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i][0], key) == 0)
            return names[i][1];
    return NULL;
}

static void set_title(struct text *t, const char *name, const char *key)
{
    char *quoted = figure_quote(key, false);

    if (axis_title(key))
        text_add(t, "%s = '%s'\n", name, axis_title(key));
    else
        text_add(t, "%s = %s\n", name, quoted);
    free(quoted);
}

static void set_string(struct text *t, const char *name, const char *value)
{
    char *quoted = figure_quote(value, false);

    text_add(t, "%s = %s\n", name, quoted);
    free(quoted);
}

/* "loss on train" */
static char *curve_label(const struct rows *curves, const struct pivot_words *w,
                         const struct pivot *p)
{
    const char *split = pivot_words_get(w, "split"), *y = pivot_words_get(w, "y");
    const char *percent = rows_get(curves, 0, "percent");

    return xprintf("%s on %s%s", y ? y : p->number[0].metric, split ? split : "dev",
                   percent && *percent == '1' ? " (× 100)" : "");
}

static char *script_settings(const struct figure_plan *plan, const struct pivot_ask *a,
                             const struct pivot_words *w, const struct rows *curves,
                             const char *note)
{
    const struct pivot *p = plan->p;
    int series = count_groups(p, &plan->series), panels = count_groups(p, &plan->panel);
    int cols = panels > PANEL_COLS ? PANEL_COLS : panels, rows = (panels + cols - 1) / cols;
    int per_row = cols > 1 ? 3 : 1;
    bool of_curves = plan->kind == FIGURE_CURVES;
    char *label = of_curves ? curve_label(curves, w, p) : pivot_label(p, a);
    char *common = pivot_common(p, !of_curves);
    struct text t = { 0 };

    text_add(&t, "cols = %d; rows = %d; key_rows = %d\n", cols, rows,
             series > 1 ? (series + per_row - 1) / per_row : 0);
    set_string(&t, "fig_ylabel", label);
    set_title(&t, "fig_xlabel", plan->x);
    set_title(&t, "fig_series", plan->y ? plan->y : "");
    set_string(&t, "fig_note", note);
    set_string(&t, "fig_common", common);
    set_string(&t, "fig_logx", plan->log);
    set_string(&t, "fig_names", plan->names ? "1" : "");
    free(common);
    free(label);
    return text_take(&t);
}

static const char *note_of(const struct figure_plan *plan, const struct pivot_ask *a)
{
    static const char *const lines[] = { "mean, 95 % interval, every seed", "median, every seed",
                                         "mean of the best epochs, 95 % interval, every seed",
                                         "interquartile mean, every seed" };
    bool interval = false;

    for (int i = 0; i < plan->p->n; i++)
        interval |= plan->p->number[i].n > 1;
    switch (plan->kind) {
    case FIGURE_HEAT: return "mean; ring: the best for its x";
    case FIGURE_SCATTER:
        return interval ? "one point a cell: mean, 95 % interval" : "one point a cell";
    case FIGURE_CURVES: return "mean and range of the seeds";
    default: return interval || a->stat != PIVOT_MEAN ? lines[a->stat] : "every seed";
    }
}

/* --- reading */

static bool is_curves(const struct pivot_words *w)
{
    const char *kind = pivot_words_get(w, "kind"), *curves = pivot_words_get(w, "curves");
    const char *x = pivot_words_get(w, "x");

    if (kind)
        return strcmp(kind, "curves") == 0;
    return (curves && strcmp(curves, "false") != 0) ||
           (x && (strcmp(x, "step") == 0 || strcmp(x, "epoch") == 0));
}

static int read_kind(struct figure_plan *plan, const struct pivot *p, const struct pivot_words *w)
{
    const char *kind = pivot_words_get(w, "kind");
    const char *x = pivot_words_get(w, "x"), *y = pivot_words_get(w, "y");
    int i = kind ? index_in(kind, kind_names) : 0;
    bool step = x && (strcmp(x, "step") == 0 || strcmp(x, "epoch") == 0);

    if (i < 0)
        return suggest_fail(FAIL_USAGE, "kind", kind, kind_names, NULL);
    plan->kind = (enum figure_kind)i;
    plan->x = x;
    if (is_curves(w))
        plan->kind = FIGURE_CURVES;
    else if (!kind && y && pivot_is_key(p, y))
        plan->kind = FIGURE_HEAT;
    else if (!kind && x && (strcmp(x, "parameters") == 0 || !pivot_is_key(p, x)))
        plan->kind = FIGURE_SCATTER;
    if (plan->kind == FIGURE_CURVES && !step)
        plan->x = "step";
    if (plan->kind == FIGURE_HEAT)
        plan->y = y;
    if (plan->kind == FIGURE_HEAT && (!x || !y || !pivot_is_key(p, x) || !pivot_is_key(p, y)))
        return fail(FAIL_USAGE, "a heat map needs keys for x and y, such as x=alpha y=lr");
    if (plan->kind == FIGURE_SCATTER && !x)
        plan->x = "parameters";
    return 0;
}

/* What is drawn: y, unless it is a key of a heat map. */
static int ask_of(struct pivot_ask *a, struct store *s, const struct pivot_words *w)
{
    const char *stat = pivot_words_get(w, "stat"), *y = pivot_words_get(w, "y");
    int i = stat ? index_in(stat, pivot_stats) : 0;

    if (i < 0)
        return suggest_fail(FAIL_USAGE, "stat", stat, pivot_stats, NULL);
    a->stat = (enum pivot_stat)i;
    int key = y ? scope_is_key(s, y) : 0;
    a->value = key || is_curves(w) ? NULL : y;
    return key < 0 ? -1 : 0;
}

static int read_curves(struct rows *r, struct store *s, const struct figure_plan *plan,
                       const struct scope *o, const struct pivot_words *w)
{
    const struct pivot *p = plan->p;
    const char *split = pivot_words_get(w, "split"), *y = pivot_words_get(w, "y");
    const char *metric = y ? y : p->number[0].metric;
    const char *const params[] = { "study", o->study, "metric",
                                   metric,  "split",  split ? split : "dev",
                                   NULL };
    char *sql = scope_sql(o, query_find("pivot_curves"));
    int rc = query_rows(s, r, sql, params);

    free(sql);
    if (rc == 0 && r->n_rows == 0)
        rc = fail(FAIL_RUN,
                  "no run of study '%s' has a curve of '%s' on '%s'; 'lowrank query curves' "
                  "shows what there is",
                  o->study, metric, params[5]);
    return rc;
}

static int draw(struct figure *f, struct store *s, struct figure_plan *plan, const struct scope *o,
                const struct pivot_words *w, const struct pivot_ask *a)
{
    const struct pivot *p = plan->p;
    struct rows curves = { 0 };
    struct pivot of_x = { 0 };
    const struct pivot_ask x = { .value = plan->x };
    int rc = 0;

    plan->log = plan->kind == FIGURE_SCATTER ? strcmp(plan->x, "parameters") == 0 ? "10" : "" : "";
    if (plan->kind == FIGURE_LINES) {
        plan->names = !is_scale(p, plan->x);
        plan->log = plan->names ? "" : log_base(p, plan->x, pivot_words_get(w, "logx"));
    }
    if (plan->kind == FIGURE_CURVES)
        rc = read_curves(&curves, s, plan, o, w);
    if (plan->kind == FIGURE_SCATTER && !pivot_is_key(p, plan->x)) {
        rc = pivot_read(&of_x, s, o, &x, true);
        plan->of_x = &of_x;
    }
    if (rc == 0)
        figure_rows(f, plan, &curves);
    if (rc == 0)
        f->set = script_settings(plan, a, w, &curves, note_of(plan, a));
    pivot_free(&of_x);
    rows_free(&curves);
    return rc;
}

static int name_figure(struct figure *f, const struct pivot *p, enum figure_kind kind,
                       const char *name, const char *study)
{
    char *file = xprintf("plots/study/%s.gp", kind_names[kind]), *path = share_path(file);
    int rc = template_read(&f->t, name, path);

    if (rc == 0) {
        const char *title = rows_get(&p->study, 0, "title");
        char *about = f->t.about;
        f->t.about =
            xprintf("%s%sstudy %s: %s.", title ? title : "", title ? "; " : "", study, about);
        free(about);
        free(f->t.make);
        f->t.make = xprintf("lowrank sweep %s", study);
    }
    free(path);
    free(file);
    return rc;
}

int figure_study(struct figure *f, struct store *s, const char *name, const struct scope *o,
                 const struct pivot_words *w, bool asked)
{
    struct figure_plan plan = { 0 };
    struct role_text text = { 0 };
    struct pivot_ask ask = { 0 };
    struct pivot p = { 0 };
    const char *const params[] = { "study", o->study, NULL };
    int rc = ask_of(&ask, s, w);

    plan.p = &p;
    if (rc == 0)
        rc = pivot_read(&p, s, o, &ask, true);
    if (rc == 0)
        rc = read_kind(&plan, &p, w);
    if (rc == 0)
        rc = read_roles(&plan, &text, w, asked);
    if (rc == 0)
        rc = give_places(&plan, asked);
    if (rc == 0)
        rc = name_figure(f, &p, plan.kind, name, o->study);
    if (rc == 0)
        rc = draw(f, s, &plan, o, w, &ask);
    if (rc == 0)
        rc = figure_read_runs(f, s, params);
    if (rc == 0)
        rc = figure_check(f);
    if (rc == 0)
        f->left_out = footnote_excluded_text(s, o->study);
    free(text.series);
    free(text.panel);
    pivot_free(&p);
    return rc;
}
