/* cmd_aggregate.c - "lowrank aggregate": the arms of a study over all of its tasks. */
#include "core/opt/suggest.h"
#include "core/cmd.h"
#include "results/query/footnote.h"
#include "results/query/query.h"
#include "results/query/read_options.h"
#include "results/verdicts/claims_rows.h"
#include "results/stats/stats_strata.h"

#include <stdlib.h>
#include <string.h>

enum { DRAWS = 2000, BOOT_SEED = 20210617 };

struct aggregate_options {
    struct read_options read; /* first, because its option macros expect it there */
    char *against;
};
static const struct opt options[] = {
    HOME_OPTION(struct read_options),
    FORMAT_OPTION(struct read_options),
    { "against", 0, OPT_STR, offsetof(struct aggregate_options, against), NULL, 0, 0, NULL,
      "the arm that the others are compared with; by default that with method=lora, else the "
      "first" },
    { .type = OPT_END },
};

/* The scores of one arm on every task of its model that every arm has. */
struct arm {
    const char *model, *name;
    int from, to; /* rows */
    int n_tasks, *n;
    double *x, average; /* mean over tasks of the mean over runs */
};

static bool has_task(const struct rows *r, const struct arm *a, const char *task)
{
    for (int i = a->from; i < a->to; i++)
        if (strcmp(claims_cell(r, i, "task"), task) == 0)
            return true;
    return false;
}

static bool all_have_task(const struct rows *r, const struct arm *arm, int n, const char *model,
                          const char *task)
{
    for (int k = 0; k < n; k++)
        if (strcmp(arm[k].model, model) == 0 && !has_task(r, &arm[k], task))
            return false;
    return true;
}

static int find_arms(struct arm **out, const struct rows *r)
{
    static const char *const by[] = { "model", "arm", NULL };
    struct arm *arm = NULL;
    int n = 0;

    for (int i = 0, end; i < r->n_rows; i = end) {
        end = claims_group_end(r, i, r->n_rows, by);
        arm = xgrow(arm, (size_t)n + 1, sizeof *arm);
        arm[n++] = (struct arm){ .model = claims_cell(r, i, "model"),
                                 .name = claims_cell(r, i, "arm"),
                                 .from = i,
                                 .to = end };
    }
    *out = arm;
    return n;
}

static void fill_arm(struct arm *a, const struct rows *r, const struct arm *all, int n_arms)
{
    static const char *const by[] = { "task", NULL };
    size_t rows = (size_t)(a->to - a->from);
    double *to = a->x = xalloc(rows + 1, sizeof *a->x);

    a->n = xalloc(rows + 1, sizeof *a->n);
    for (int i = a->from, end; i < a->to; i = end) {
        double sum = 0;
        end = claims_group_end(r, i, a->to, by);
        if (!all_have_task(r, all, n_arms, a->model, claims_cell(r, i, "task")))
            continue;
        for (int k = i; k < end; k++)
            sum += *to++ = claims_number(r, k, "value");
        a->average += sum / (end - i);
        a->n[a->n_tasks++] = end - i;
    }
    a->average /= a->n_tasks > 0 ? a->n_tasks : 1;
}

/* The arm that those of MODEL are compared with; NULL after fail(). */
static const struct arm *find_baseline(const struct arm *arm, int n, const char *model,
                                       const char *against)
{
    const char **names = xalloc((size_t)n + 1, sizeof *names);
    const struct arm *found = NULL, *first = NULL;
    int known = 0;

    for (int k = 0; k < n; k++) {
        if (strcmp(arm[k].model, model) != 0)
            continue;
        names[known++] = arm[k].name;
        first = first ? first : &arm[k];
        if (strcmp(arm[k].name, against ? against : "method=lora") == 0)
            found = &arm[k];
    }
    if (!found && against)
        suggest_fail(FAIL_USAGE, "arm", against, names,
                     "'lowrank aggregate' without --against lists them");
    free(names);
    return found || against ? found : first;
}

static struct stats_strata strata_of(const struct arm *a)
{
    return (struct stats_strata){ a->n_tasks, a->n, a->x };
}

/* "70.1 [68.2, 71.9]" */
static char *with_interval(double x, struct stats_interval i, double times, const char *fmt)
{
    char part[3][32];

    snprintf(part[0], sizeof part[0], fmt, times * x);
    snprintf(part[1], sizeof part[1], fmt, times * i.lo);
    snprintf(part[2], sizeof part[2], fmt, times * i.hi);
    return xprintf("%s [%s, %s]", part[0], part[1], part[2]);
}

static void add_arm(struct rows *to, const struct arm *a, const struct arm *base)
{
    struct stats_strata s = strata_of(a), b = strata_of(base);
    char *average = xprintf("%.1f", 100 * a->average), *tasks = xprintf("%d", a->n_tasks);
    char *iqm = with_interval(stats_iqm(&s), stats_iqm_interval(&s, DRAWS, BOOT_SEED), 100, "%.1f");
    char *better =
        a == base ? xstrdup("-")
                  : with_interval(stats_improves(&s, &b),
                                  stats_improves_interval(&s, &b, DRAWS, BOOT_SEED), 1, "%.2f");
    int runs = 0;

    for (int t = 0; t < a->n_tasks; t++)
        runs += a->n[t];
    char *n = xprintf("%d", runs);
    rows_add(to, (const char *const[]){ a->model, a->name, tasks, n, average, iqm, better });
    free(n);
    free(better);
    free(iqm);
    free(tasks);
    free(average);
}

static int print_arms(const struct arm *arm, int n, const struct aggregate_options *o,
                      struct store *s, const char *study)
{
    struct rows out;
    char *better = NULL;
    int rc = 0;

    for (int k = 0; k < n && rc == 0; k++) {
        const struct arm *base = find_baseline(arm, n, arm[k].model, o->against);
        if (!base) {
            rc = -1;
        } else if (!better) {
            better = xprintf("P(better than %s)", base->name);
            rows_init(&out, (const char *const[]){ "model", "arm", "tasks", "runs", "average",
                                                   "IQM", better, NULL });
        }
        if (rc == 0 && arm[k].n_tasks == 0)
            rc = fail(FAIL_RUN, "no task has runs of every arm of model '%s' yet", arm[k].model);
        if (rc == 0)
            add_arm(&out, &arm[k], base);
    }
    if (rc == 0)
        rc = footnote_excluded(&out, s, study);
    if (rc == 0)
        rc = rows_print_free(&out, o->read.format);
    else if (better)
        rows_free(&out);
    free(better);
    return rc;
}

static int aggregate_work(void *cfg, int argc, char **argv)
{
    const struct aggregate_options *o = cfg;
    const char *study = argc > 1 ? argv[1] : "methods";
    const char *const params[] = { "study", study, NULL };
    struct store *s = NULL;
    struct rows r = { 0 };
    struct arm *arm = NULL;
    int n = 0, rc = read_options_open(&s, &o->read);

    if (rc == 0)
        rc = query_named(s, &r, "cmd_scores", params);
    if (rc == 0 && r.n_rows == 0)
        rc = fail(FAIL_RUN, "study '%s' has no scores to aggregate yet: lowrank sweep %s", study,
                  study);
    if (rc == 0) {
        n = find_arms(&arm, &r);
        for (int k = 0; k < n; k++)
            fill_arm(&arm[k], &r, arm, n);
        rc = print_arms(arm, n, o, s, study);
    }
    for (int k = 0; k < n; k++) {
        free(arm[k].x);
        free(arm[k].n);
    }
    free(arm);
    rows_free(&r);
    store_close(s);
    return rc;
}

static const struct opt_usage usage = {
    .command = "aggregate",
    .usage = "[STUDY]",
    .about = "Aggregate the arms of a study over its tasks: the paper's average, the interquartile "
             "mean, and the probability of improvement.",
    .detail = "The average is the mean over tasks of the mean over seeds. The interquartile\n"
              "mean (IQM) is the mean of the middle half of all runs on all tasks, times 100.\n"
              "P(better than ARM) is the probability that a run scores higher than one of that\n"
              "arm on the same task, averaged over tasks; a tie counts half. The intervals are\n"
              "95 % intervals of a bootstrap that draws runs within each task (Agarwal et al.\n"
              "2021). Only tasks that every arm has run, and metrics from 0 to 1, take part.",
    .example = "lowrank aggregate methods --against method=ft",
    .min_args = 0,
    .max_args = 1,
};
static int aggregate_main(int argc, char **argv)
{
    return opt_command(&usage, options, sizeof(struct aggregate_options), aggregate_work, argc,
                       argv);
}

const struct cmd cmd_aggregate = { "aggregate", "look",
                                   "compare a study's arms over all of its tasks", aggregate_main };
