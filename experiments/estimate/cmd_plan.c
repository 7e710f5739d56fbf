/* cmd_plan.c - "lowrank plan": what a study would run, how large it is, and how long it takes. */
#include "core/cmd.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/generate/generate.h"
#include "core/opt/fill.h"
#include "core/os/file.h"
#include "experiments/estimate/calibrate.h"
#include "experiments/estimate/memory.h"
#include "experiments/recipe/data.h"
#include "experiments/recipe/footprint.h"
#include "experiments/study/study_flags.h"
#include "experiments/study/study_store.h"
#include "experiments/study/tune.h"

#include <stdlib.h>
#include <string.h>

static const struct opt table[] = {
    OPTION_JOBS,
    OPTION_SEEDS,
    OPTION_PROFILE,
    HOME_OPTION(struct study_flags),
    DATA_OPTION(struct study_flags),
    FORMAT_OPTION(struct study_flags),
    OPTION_NO_CALIBRATE,
    OPTION_YES,
    { .type = OPT_END },
};
static const struct opt_usage usage = {
    .command = "plan",
    .usage = "[STUDY] [key=value,value...]",
    .about = "show what a study would run, without running anything",
    .detail = "STUDY is a file or the name of a study ('lowrank list studies'). Words replace an\n"
              "axis of the study, or a key that all of its runs have in common; several values\n"
              "become an axis (rank=1,4,16). Without a STUDY the words are the study.\n"
              "\n"
              "Each row of the table is a cell: a run without its seed; in a study with a search\n"
              "an arm, with the values that were chosen for it, as far as they are.\n"
              "  formula    trainable parameters by the method's closed form, without the head\n"
              "  trained    the same, counted in the model\n"
              "  head       trainable parameters of the task's head\n"
              "  done       runs of the cell that are done\n"
              "  runs       all runs of the cell\n"
              "  s_per_run  seconds of a run, estimated from a few timed steps on this machine\n"
              "  worker_mb  memory that each worker takes beside what all workers share\n"
              "  keys       the keys of the runs (with -v)",
    .example = "lowrank plan rank --seeds 5 -j 2",
    .min_args = 1,
    .max_args = -1,
};

struct plan {
    const struct study *s;
    const enum run_state *state;
    const bool *pending;
    struct tune_stage stage; /* of a study with a search */
    bool calibrated;
    long jobs;
};

/* --- the table: a row for each cell of the study */

enum { MOST_OWN_COLS = 9 }; /* columns that are not axes, and the NULL at the end */

static int n_axes(const struct study *s)
{
    int n = 0;

    while (s->axis[n])
        n++;
    return n;
}

static void plan_rows_init(struct rows *r, const struct plan *p)
{
    int n = n_axes(p->s);
    const char **col = xalloc((size_t)(n + MOST_OWN_COLS), sizeof *col);

    for (int i = 0; i < n; i++)
        col[i] = p->s->axis[i];
    col[n++] = "formula";
    col[n++] = "trained";
    col[n++] = "head";
    col[n++] = "done";
    col[n++] = "runs";
    if (p->calibrated)
        col[n++] = "s_per_run";
    col[n++] = "worker_mb";
    if (verbosity > 0)
        col[n++] = "keys";
    rows_init(r, col);
    free(col);
}

/* The runs of one cell. */
struct cell_runs {
    int done, n;
    struct text keys;
};

static struct cell_runs cell_runs_of(const struct plan *p, int cell, int first)
{
    const struct study *s = p->s;
    struct cell_runs c = { 0 };

    for (int i = first; i < s->n_runs; i++) {
        if (s->runs[i].cell != cell)
            continue;
        c.done += p->state[i] == STATE_DONE;
        c.n++;
        text_join(&c.keys, " ", "%.8s", s->runs[i].recipe.key);
    }
    return c;
}

/* The reported runs of an arm. */
static struct cell_runs arm_runs_of(const struct plan *p, const struct arm *a)
{
    const struct study *s = p->s;
    struct cell_runs c = { .n = s->arms->grid.n_seeds };

    for (int i = 0; i < s->n_runs; i++) {
        if (!s->runs[i].reports || strcmp(s->runs[i].point, a->point) != 0)
            continue;
        c.done += p->state[i] == STATE_DONE;
        text_join(&c.keys, " ", "%.8s", s->runs[i].recipe.key);
    }
    return c;
}

static bool is_searched(const struct study *s, const char *key)
{
    for (int k = 0; s->arms && k < arms_search(s)->axes.n; k++)
        if (strcmp(arms_search(s)->axes.a[k].key, key) == 0)
            return true;
    return false;
}

/* FIRST: the first run of the cell; SEARCHED: show its searched values. Takes C. */
static void plan_rows_add(struct rows *r, const struct plan *p, struct cell_runs c, int first,
                          bool searched)
{
    const struct plan_run *f = &p->s->runs[first];
    const struct footprint *g = f->recipe.footprint;
    char **text = xalloc((size_t)r->n_cols, sizeof *text), value[1024];
    int n = 0;

    for (; p->s->axis[n]; n++) {
        void *cfg = NULL;
        const struct opt *o = recipe_opt(&f->recipe, p->s->axis[n], &cfg);
        bool show = o && (searched || !is_searched(p->s, p->s->axis[n]));
        text[n] = show ? xstrdup(opt_text(o, cfg, value, sizeof value)) : NULL;
    }
    text[n++] = xprintf("%ld", g->formula);
    text[n++] = xprintf("%zu", g->n_train - g->n_train_head);
    text[n++] = xprintf("%zu", g->n_train_head);
    text[n++] = xprintf("%d", c.done);
    text[n++] = xprintf("%d", c.n);
    if (p->calibrated)
        text[n++] = xprintf("%.1f", f->cost_s);
    text[n++] = xprintf("%.0f", 1e-6 * (double)f->rss);
    if (verbosity > 0)
        text[n++] = text_take(&c.keys);
    rows_add(r, (const char *const *)text);
    while (n > 0)
        free(text[--n]);
    free(text);
    text_free(&c.keys);
}

static void plan_rows_fill(struct rows *r, const struct plan *p)
{
    int next = 0;

    plan_rows_init(r, p);
    for (int i = 0; p->s->arms && i < p->s->arms->n; i++) {
        const struct arm *a = &p->s->arms->arm[i];
        plan_rows_add(r, p, arm_runs_of(p, a), a->trial[a->chosen < 0 ? 0 : a->chosen].run[0],
                      a->chosen >= 0);
    }
    for (int i = 0; i < p->s->n_runs && !p->s->arms; i++)
        if (p->s->runs[i].cell == next) { /* cells are numbered in the order of their first runs */
            plan_rows_add(r, p, cell_runs_of(p, next, i), i, true);
            next++;
        }
}

/* --- lines above and below the table */

/* A line for people, broken where the terminal ends; names in it cannot steer the terminal. */
static void plan_say(const char *fmt, ...) PRINTF(1, 2);
static void plan_say(const char *fmt, ...)
{
    struct text t = { 0 };
    va_list ap;

    va_start(ap, fmt);
    text_append(&t, fmt, ap);
    va_end(ap);
    char *line = text_take(&t);
    text_one_line(line, strlen(line) + 1);
    fill_text(stdout, line, 0, 2);
    free(line);
}

static void plan_print_search(const struct plan *p)
{
    const struct study *s = p->s;
    const struct search *search = arms_search(s);
    struct tune_cost all = { 0 };

    for (int i = 0; i < s->arms->n; i++) {
        struct tune_cost one = tune_cost(s, &s->arms->arm[i]);
        all.full += one.full;
        all.rungs += one.rungs;
    }
    printf("%d arms of %d runs, %d of them with a choice\n", s->arms->n, s->arms->grid.n_seeds,
           p->stage.chosen);
    char *rest = all.rungs < all.full ? xprintf(", of which halving leaves %.0f (%.0f %%)",
                                                all.rungs, 100 * all.rungs / all.full)
                                      : xstrdup("");
    char *tuning = arms_seeds_text(search->seeds, search->n_seeds),
         *reported = arms_seeds_text(s->arms->grid.seeds, s->arms->grid.n_seeds);
    plan_say("search: %d trials for every arm with the tuning seeds %s, and at most %d more beyond "
             "an edge: %.0f epochs%s; the seeds %s are reported",
             search->axes.a[0].n, tuning, search->extend, all.full, rest, reported);
    free(rest);
    free(tuning);
    free(reported);
}

static void plan_print_head(const struct plan *p)
{
    const struct study *s = p->s;
    long n[STATE_EXCLUDED + 1] = { 0 };

    for (int i = 0; i < s->n_runs; i++)
        n[p->state[i]]++;
    fputs("study ", stdout);
    utf8_print(stdout, s->name);
    fputs(s->source ? ": " : "", stdout);
    utf8_print(stdout, s->source ? s->source : "");
    fputc('\n', stdout);
    if (s->arms)
        plan_print_search(p);
    else
        printf("%d runs of %d cells:", s->n_runs, s->n_cells);
    const char *comma = "";
    for (int i = 0; i <= STATE_EXCLUDED && !s->arms; i++)
        if (n[i]) {
            printf("%s %ld %s", comma, n[i], state_names[i]);
            comma = ",";
        }
    if (!s->arms)
        printf("\n");
    if (s->n_shared)
        printf("%d combinations of values lead to a run that is counted already\n", s->n_shared);
    if (s->budget)
        printf("budget: the largest rank that trains at most %ld parameters\n", s->budget);
    for (int i = 0; i < s->n_runs; i++) {
        const struct footprint *g = s->runs[i].recipe.footprint;
        if (g->formula >= 0 && (size_t)g->formula != g->n_train - g->n_train_head)
            warn("run %.8s: the closed form gives %ld trainable parameters, but the model has %zu",
                 s->runs[i].recipe.key, g->formula, g->n_train - g->n_train_head);
    }
}

/* One line for each way in which runs divide the data, whatever their seeds; the first such run
 * stands for the others. */
static int plan_print_data(struct study *s)
{
    for (int i = 0; i < s->n_runs; i++) {
        const struct recipe *r = &s->runs[i].recipe;
        const struct train_cfg *c = &r->train;
        struct run_data d;
        if (!session_first(r->session, "data of %s %ld %ld %s %d %d", r->task->name, c->train_n,
                           c->dev_n, c->select, c->report, c->report_curve))
            continue;
        if (data_all(&d, r) != 0)
            return -1;
        char *line = data_describe(&d, r);
        plan_say("data of %s: %s", r->task->name, line);
        free(line);
    }
    return 0;
}

/* Dropout is the only reason to compute frozen layers in every epoch. */
static void note_frozen_dropout(const struct study *s)
{
    for (int i = 0; i < s->n_runs; i++) {
        const struct recipe *r = &s->runs[i].recipe;
        int frozen = r->footprint->frozen;
        if (frozen == 0 || (r->train.hidden_dropout <= 0 && r->train.attn_dropout <= 0))
            continue;
        note("run %.8s: its %d frozen layers are computed in every epoch, because dropout acts in "
             "them; with hidden_dropout=0 attn_dropout=0 they are computed once",
             r->key, frozen);
        return;
    }
}

/* Whoever wants to merge adapters has to know this before training, not afterwards. */
static void note_unmerged(const struct study *s)
{
    struct text names = { 0 };

    for (const struct adapt *const *a = adapt_table; *a; a++) {
        bool here = false;
        for (int i = 0; i < s->n_runs && adapt_unmerged(*a) && !here; i++)
            here = adapt_has(s->runs[i].recipe.method, (*a)->name);
        if (here)
            text_join(&names, ", ", "'%s'", (*a)->name);
    }
    if (names.n > 0)
        note("adapters of the method %s cannot be merged into the weights of a model",
             text_string(&names));
    text_free(&names);
}

/* Without extensions. An arm without a choice counts as if nothing of it was done. */
static void plan_print_search_time(const struct plan *p)
{
    const struct study *s = p->s;
    double full = 0, rungs = 0, reports = 0, jobs = (double)p->jobs;
    char all[32], tuning[32], grid[32], last[32];

    for (int i = 0; i < s->arms->n; i++) {
        const struct arm *a = &s->arms->arm[i];
        const struct plan_run *r = &s->runs[a->trial[0].run[0]];
        struct tune_cost c = tune_cost(s, a);
        double epoch_s = r->cost_s / (double)tune_epochs(&r->recipe);
        if (a->chosen >= 0)
            continue;
        full += epoch_s * c.full;
        rungs += epoch_s * c.rungs;
        reports += r->cost_s * s->arms->grid.n_seeds;
    }
    for (int i = 0; i < s->n_runs; i++)
        reports += p->pending[i] && s->runs[i].reports ? s->runs[i].cost_s : 0;
    plan_say(
        "time: about %s with -j %ld: %s for the search (%s without halving) and %s for what is "
        "reported",
        duration_text(all, (rungs + reports) / jobs), p->jobs, duration_text(tuning, rungs / jobs),
        duration_text(grid, full / jobs), duration_text(last, reports / jobs));
}

/* What generated texts take, of the run in which they take most. */
static void plan_print_texts(const struct plan *p)
{
    const struct study *s = p->s;
    const struct plan_run *most = NULL;
    double all = 0;
    char text[32];

    for (int i = 0; i < s->n_runs; i++) {
        const struct plan_run *r = &s->runs[i];
        all += p->pending[i] ? r->texts_s : 0;
        if (r->texts_bytes > 0 && (!most || r->texts_bytes > most->texts_bytes))
            most = r;
    }
    if (!most)
        return;
    const struct gen_settings *g = &most->recipe.task->texts.settings;
    char *time = p->calibrated && all > 0
                     ? xprintf("%s of all runs' time, if they are as long as the references; ",
                               duration_text(text, all))
                     : xstrdup("");
    int together = generate_together(g, (int)g->batch, 1);
    plan_say("generated texts: %sat most %.0f MB per worker for %d input%s, %ld %s each, and %ld "
             "tokens",
             time, 1e-6 * (double)most->texts_bytes, together,
             together == 1 ? " at a time" : "s together", g->beams,
             g->beams == 1 ? "beam" : "beams", g->max_new);
    free(time);
}

static void plan_print_foot(const struct plan *p)
{
    const struct study *s = p->s;
    size_t shared = memory_shared(s, NULL), largest = 0;
    double left = 0, longest = 0;
    char text[32], most[32];
    int n = 0;

    for (int i = 0; i < s->n_runs; i++) {
        largest = s->runs[i].rss > largest ? s->runs[i].rss : largest;
        if (!p->pending[i])
            continue;
        n++;
        left += s->runs[i].cost_s;
        longest = s->runs[i].cost_s > longest ? s->runs[i].cost_s : longest;
    }
    long jobs = p->jobs < n ? p->jobs : n;
    if (p->calibrated && s->arms && n) {
        plan_print_search_time(p);
    } else if (p->calibrated && n) {
        double wall = left / (double)jobs > longest ? left / (double)jobs : longest;
        plan_say("time: about %s with -j %ld; the longest run takes %s", duration_text(text, wall),
                 jobs, duration_text(most, longest));
    }
    plan_print_texts(p);
    plan_say(
        "memory: about %.0f MB shared and %.0f MB per worker (RSS %.0f MB), %.0f MB with -j %ld; "
        "%.0f MB available",
        1e-6 * (double)shared, 1e-6 * (double)largest,
        1e-6 * (double)(shared - MEMORY_STARTUP_BYTES + largest),
        1e-6 * ((double)shared + (double)p->jobs * (double)largest), p->jobs,
        1e-6 * (double)cpu_info()->mem_available);
}

/* Of every run its state, and whether it comes next. The caller frees both, also on an error. */
static int plan_states(enum run_state **state, bool **pending, struct tune_stage *stage,
                       struct study *s, struct store *store)
{
    if (s->arms && tune_study(stage, pending, s, store) != 0)
        return -1;
    *state = xalloc((size_t)s->n_runs, sizeof **state);
    if (study_store_states(*state, store, s) != 0)
        return -1;
    if (s->arms)
        return 0;
    *pending = xalloc((size_t)s->n_runs, sizeof **pending);
    for (int i = 0; i < s->n_runs; i++)
        (*pending)[i] =
            (*state)[i] == STATE_NEW || (*state)[i] == STATE_QUEUED || (*state)[i] == STATE_RUNNING;
    return 0;
}

static int plan_print(struct study *s, const struct study_flags *c, struct store *store)
{
    struct plan p = { .s = s, .calibrated = !c->no_calibrate, .jobs = study_flags_jobs(c) };
    bool people = c->format == ROWS_TABLE, *pending = NULL;
    enum run_state *state = NULL;
    struct rows rows = { 0 };

    int rc = study_store_check_name(store, s);
    if (rc == 0)
        rc = plan_states(&state, &pending, &p.stage, s, store);
    p.state = state;
    p.pending = pending;
    if (rc == 0)
        rc = memory_study(s, NULL, 1);
    if (rc == 0 && p.calibrated)
        rc = calibrate_study(s, NULL);
    if (rc == 0) {
        plan_rows_fill(&rows, &p);
        if (people)
            plan_print_head(&p);
        rc = rows_print(stdout, &rows, (enum rows_format)c->format);
        if (people && rc == 0)
            rc = plan_print_data(s);
        if (people)
            plan_print_foot(&p);
        note_frozen_dropout(s);
        note_unmerged(s);
        rows_free(&rows);
    }
    free(state);
    free(pending);
    return rc;
}

/* *STORE is NULL, which stands for an empty store, when there is no database yet. */
static int plan_open_store(struct store **store, const char *home)
{
    char *path = home_path(home, "lowrank.db");
    bool there = file_exists(path);

    *store = NULL;
    free(path);
    return !there ? 0 : study_flags_store(store, home, STORE_READ);
}

static int plan_work(void *cfg, int argc, char **argv)
{
    const struct study_flags *c = cfg;
    struct session ses;
    struct study s = { 0 };
    struct store *store = NULL;

    session_init(&ses, c->home, c->data);
    ses.planning = true;
    int rc = study_flags_load(&s, &ses, c, argc, argv) == 0 && plan_open_store(&store, c->home) == 0
                 ? plan_print(&s, c, store)
                 : -1;
    store_close(store);
    study_free(&s);
    session_free(&ses);
    return rc;
}

static int plan_main(int argc, char **argv)
{
    return opt_command(&usage, table, sizeof(struct study_flags), plan_work, argc, argv);
}

const struct cmd cmd_plan = { "plan", "run",
                              "what a study would run, how large it is, and how long it takes",
                              plan_main };
