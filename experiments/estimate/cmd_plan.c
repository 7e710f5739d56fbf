/* cmd_plan.c - "lowrank plan": what a study would run, how large, how long. */
#include "core/cmd.h"
#include "experiments/recipe/inputs.h"
#include "experiments/estimate/estimate.h"
#include "experiments/study/options.h"

#include <stdlib.h>
#include <string.h>

static const struct opt table[] = {
    OPTION_JOBS,         OPTION_SEEDS,
    OPTION_PROFILE,      HOME_OPTION(struct common),
    OPTION_DATA,         FORMAT_OPTION(struct common),
    OPTION_NO_CALIBRATE, OPTION_YES,
    { .type = OPT_END },
};
static const struct opt_usage usage = {
    .command = "plan",
    .usage = "STUDY [key=value...]",
    .about =
        "say what a study would run: cells, seeds, trained numbers, time and memory; nothing runs",
    .detail = "Trained numbers are without the task's head: the closed form and what is counted in "
              "the model.\n"
              "Times come from a few timed steps on this machine. -v adds the run keys.",
    .example = "lowrank plan rank --seeds 5 -j 2",
    .min_args = 1,
    .max_args = -1,
};

struct plan {
    const struct study *s;
    const enum run_state *state;
    bool calibrated;
    long jobs;
};

/* --- a table of text cells */

static void add_col(struct rows *r, const char *name)
{
    r->col = xgrow(r->col, (size_t)r->n_cols + 1, sizeof *r->col);
    r->col[r->n_cols++] = xstrdup(name);
}

static void columns(struct rows *r, const struct plan *p)
{
    for (int i = 0; p->s->axis[i]; i++)
        add_col(r, p->s->axis[i]);
    add_col(r, "formula");
    add_col(r, "trained");
    add_col(r, "head");
    add_col(r, "done");
    add_col(r, "runs");
    if (p->calibrated)
        add_col(r, "s_per_run");
    add_col(r, "worker_mb");
    if (verbosity > 0)
        add_col(r, "keys");
    r->numeric = xalloc((size_t)r->n_cols, 1);
}

/* The cells of one line. */
struct line {
    const struct plan *p;
    char **cell;
    int n;
};

static void put(struct line *l, char *text)
{
    l->cell[l->n++] = text;
}

static void put_axes(struct line *l, const struct recipe *r)
{
    char value[1024];

    for (int i = 0; l->p->s->axis[i]; i++) {
        void *cfg = NULL;
        const struct opt *o = recipe_opt(r, l->p->s->axis[i], &cfg);
        put(l, o ? xstrdup(opt_text(o, cfg, value, sizeof value)) : NULL);
    }
}

static void put_cell(struct line *l, int cell, int first)
{
    const struct study *s = l->p->s;
    const struct plan_run *f = &s->runs[first];
    const struct geometry *g = geometry_get(&f->recipe);
    char *keys = xstrdup("");
    int done = 0, n = 0;

    put_axes(l, &f->recipe);
    for (int i = first; i < s->n_runs; i++) {
        if (s->runs[i].cell != cell)
            continue;
        done += l->p->state[i] == STATE_DONE;
        n++;
        char *more = xprintf("%s%s%.8s", keys, *keys ? " " : "", s->runs[i].recipe.key);
        free(keys);
        keys = more;
    }
    put(l, xprintf("%ld", g->formula));
    put(l, xprintf("%zu", g->n_train - g->n_train_head));
    put(l, xprintf("%zu", g->n_train_head));
    put(l, xprintf("%d", done));
    put(l, xprintf("%d", n));
    if (l->p->calibrated)
        put(l, xprintf("%.1f", f->cost_s));
    put(l, xprintf("%.0f", 1e-6 * (double)f->rss));
    if (verbosity > 0)
        put(l, keys);
    else
        free(keys);
}

static void fill(struct rows *r, const struct plan *p)
{
    const struct study *s = p->s;
    int next = 0;

    *r = (struct rows){ .n_rows = s->n_cells };
    columns(r, p);
    r->cell = xalloc((size_t)r->n_rows * (size_t)r->n_cols, sizeof *r->cell);
    for (int i = 0; i < s->n_runs; i++) {
        if (s->runs[i].cell != next) /* cells are numbered as they come */
            continue;
        struct line l = { p, r->cell + (size_t)next * (size_t)r->n_cols, 0 };
        put_cell(&l, next++, i);
    }
    for (int c = 0; c < r->n_cols; c++) {
        r->numeric[c] = 1;
        for (int i = 0; i < r->n_rows; i++) {
            const char *text = r->cell[(size_t)i * (size_t)r->n_cols + (size_t)c];
            char *end = NULL;
            if (text && (strtod(text, &end), end == text || *end))
                r->numeric[c] = 0;
        }
    }
}

/* --- what stands above and below it */

static void print_head(const struct plan *p)
{
    const struct study *s = p->s;
    long n[STATE_CANCELED + 1] = { 0 };

    for (int i = 0; i < s->n_runs; i++)
        n[p->state[i]]++;
    printf("study %s%s%s\n", s->name, s->source ? ": " : "", s->source ? s->source : "");
    printf("%d runs of %d cells:", s->n_runs, s->n_cells);
    const char *comma = "";
    for (int i = 0; i <= STATE_CANCELED; i++)
        if (n[i]) {
            printf("%s %ld %s", comma, n[i], state_names[i]);
            comma = ",";
        }
    printf("\n");
    if (s->n_shared)
        printf("%d points are runs of other points\n", s->n_shared);
    if (s->budget)
        printf("budget: rank is the largest with at most %ld trained numbers\n", s->budget);
    for (int i = 0; i < s->n_runs; i++) {
        const struct geometry *g = geometry_get(&s->runs[i].recipe);
        if (g->formula >= 0 && (size_t)g->formula != g->n_train - g->n_train_head)
            warn("run %.8s: the closed form gives %ld trained numbers, the model has %zu",
                 s->runs[i].recipe.key, g->formula, g->n_train - g->n_train_head);
    }
}

/* Frozen layers that are computed again in every epoch for nothing but their dropout. */
static void tell_frozen(const struct study *s)
{
    for (int i = 0; i < s->n_runs; i++) {
        const struct recipe *r = &s->runs[i].recipe;
        int frozen = geometry_get(r)->frozen;
        if (frozen == 0 || (r->train.hidden_dropout <= 0 && r->train.attn_dropout <= 0))
            continue;
        note("run %.8s: %d layers are frozen, but dropout makes every pass through them another; "
             "with hidden_dropout=0 attn_dropout=0 their output is computed once, not every epoch",
             r->key, frozen);
        return;
    }
}

/* Known before, this may choose another method: afterwards it cannot be mended. */
static void tell_unmerged(const struct study *s)
{
    char *names = xstrdup("");

    for (const struct adapt *const *a = adapt_table; *a; a++) {
        bool here = false;
        for (int i = 0; i < s->n_runs && adapt_unmerged(*a) && !here; i++)
            here = adapt_has(s->runs[i].recipe.method, (*a)->name);
        char *more = here ? xprintf("%s%s'%s'", names, *names ? ", " : "", (*a)->name) : NULL;
        free(more ? names : NULL);
        names = more ? more : names;
    }
    if (*names)
        note("%s: cannot be merged into the weights; such an adapter stays beside its model",
             names);
    free(names);
}

static void print_foot(const struct plan *p, const bool *pending)
{
    const struct study *s = p->s;
    size_t shared = study_shared_bytes(s, NULL), largest = 0;
    double left = 0, longest = 0;
    char text[32], most[32];
    int n = 0;

    for (int i = 0; i < s->n_runs; i++) {
        largest = s->runs[i].rss > largest ? s->runs[i].rss : largest;
        if (!pending[i])
            continue;
        n++;
        left += s->runs[i].cost_s;
        longest = s->runs[i].cost_s > longest ? s->runs[i].cost_s : longest;
    }
    long jobs = p->jobs < n ? p->jobs : n;
    if (p->calibrated && n) {
        double wall = left / (double)jobs > longest ? left / (double)jobs : longest;
        printf("time: about %s at -j %ld, the longest run %s\n", duration_text(text, wall), jobs,
               duration_text(most, longest));
    }
    printf("memory: about %.0f MB shared and %.0f MB a worker (RSS %.0f MB), %.0f MB at -j %ld; "
           "%.0f MB available\n",
           1e-6 * (double)shared, 1e-6 * (double)largest,
           1e-6 * (double)(shared - STARTUP_BYTES + largest),
           1e-6 * ((double)shared + (double)p->jobs * (double)largest), p->jobs,
           1e-6 * (double)cpu_info()->mem_available);
}

static int print(struct study *s, const struct common *c, struct store *store)
{
    enum run_state *state = xalloc((size_t)s->n_runs, sizeof *state);
    bool *pending = xalloc((size_t)s->n_runs, sizeof *pending);
    struct plan p = { s, state, !c->no_calibrate, common_jobs(c) };
    bool people = c->format == ROWS_TABLE;
    struct rows rows = { 0 };

    int rc = study_check_name(store, s);
    if (rc == 0)
        rc = study_states(state, store, s);
    for (int i = 0; i < s->n_runs; i++)
        pending[i] = state[i] == STATE_NEW || state[i] == STATE_QUEUED || state[i] == STATE_RUNNING;
    if (rc == 0)
        rc = study_memory(s, NULL, 1);
    if (rc == 0 && p.calibrated)
        rc = study_calibrate(s, NULL);
    if (rc == 0) {
        fill(&rows, &p);
        if (people)
            print_head(&p);
        rc = rows_print(stdout, &rows, (enum rows_format)c->format);
        if (people)
            print_foot(&p, pending);
        tell_frozen(s);
        tell_unmerged(s);
        rows_free(&rows);
    }
    free(state);
    free(pending);
    return rc;
}

/* The store as it is; none yet is an empty one. */
static int open_store(struct store **store)
{
    char *path = home_path("lowrank.db");
    FILE *f = fopen(path, "rb");

    *store = NULL;
    free(path);
    if (!f)
        return 0;
    fclose(f);
    return common_store(store, STORE_READ);
}

static int work(void *cfg, int argc, char **argv)
{
    const struct common *c = cfg;
    struct study s = { 0 };
    struct store *store = NULL;

    common_apply(c);
    int rc =
        common_study(&s, c, argc, argv) == 0 && open_store(&store) == 0 ? print(&s, c, store) : -1;
    store_close(store);
    study_free(&s);
    return rc;
}

static int run(int argc, char **argv)
{
    return opt_command(&usage, table, sizeof(struct common), work, argc, argv);
}

const struct cmd cmd_plan = { "plan", "run", "what a study would run, how large and how long",
                              run };
