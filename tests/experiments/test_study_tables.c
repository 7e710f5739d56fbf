/* test_study_tables.c - tables and figures of the studies in ablations/ show planted results. */
#include "tests/kit/suite.h"
#include "core/os/file.h"
#include "core/cmd.h"
#include "results/pivot/study_table.h"
#include "plots/figure/gnuplot.h"
#include "results/store/metrics.h"
#include "tests/kit/store_kit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const struct cmd cmd_figure;

/* The runs of a configuration: seed s has the value MEAN + (s - 2) * SPREAD. */
struct point {
    const char *keys; /* JSON members of the configuration */
    const char *metric;
    double mean, spread;
    size_t trained; /* without the head */
};
enum { SEEDS = 3, POINTS = 16 };

static void plant_plan(struct store *s, const char *study, const char *metric,
                       const struct point *p, int n)
{
    static struct run_spec r[POINTS * SEEDS];
    char *spec = xprintf("{\"axes\":{},\"metric\":\"best %s\"}", metric);
    int k = 0;

    for (int i = 0; i < n; i++)
        for (int seed = 1; seed <= SEEDS; seed++, k++) {
            char *config = xprintf("{\"at\":%d,%s,\"seed\":%d}", i, p[i].keys, seed),
                 *key = xalloc(65, 1);
            char *cell = xalloc(65, 1);
            sha256_hex(key, config, strlen(config));
            sha256_hex(cell, p[i].keys, strlen(p[i].keys));
            r[k] = (struct run_spec){ .key = key,
                                      .cell = cell,
                                      .point = cell,
                                      .trial = "{}",
                                      .config = config,
                                      .cost = POINTS * SEEDS - k };
        }
    ck_assert_int_eq(store_plan(s, &(struct sweep_spec){ .name = study, .spec = spec }, r, k), 0);
    for (int i = 0; i < k; i++) {
        free((char *)r[i].key);
        free((char *)r[i].cell);
        free((char *)r[i].config);
    }
    free(spec);
}

/* A store at HOME/lowrank.db. Every run has its task's own metric and a second one. */
static struct store *plant(const char *home, const char *study, const char *metric,
                           const struct point *p, int n)
{
    char *db = path_join(home, "lowrank.db");
    struct store *s;
    struct lease c;
    int at, seed;

    ck_assert_int_le(n, POINTS);
    ck_assert_int_eq(make_dirs(home), 0);
    unlink(db);
    ck_assert_msg(store_open(&s, db, STORE_WRITE) == 0, "%s", fail_text());
    plant_plan(s, study, metric, p, n);
    for (int i = 0; i < n * SEEDS; i++) {
        ck_assert_int_eq(lease_take(s, study, NULL, 60, &c), 1);
        ck_assert_int_eq(sscanf(c.config, "{\"at\":%d,", &at), 1);
        ck_assert_int_eq(sscanf(strstr(c.config, "\"seed\":"), "\"seed\":%d", &seed), 1);
        struct attempt_end e = { .state = STATE_DONE,
                                 .trainable = p[at].trained + 10,
                                 .trainable_head = 10 };
        double x = p[at].mean + (seed - 2) * p[at].spread;
        ck_assert_int_eq(metrics_add(s, &c, 10, "best", p[at].metric, x), 0);
        ck_assert_int_eq(metrics_add(s, &c, 10, "best", "spearman", 0.1), 0);
        ck_assert_int_eq(lease_finish(s, &c, &e, false), 1);
        lease_free(&c);
    }
    free(db);
    return s;
}

/* COLUMN in ROW of a table must be WANT, or the result of WANT if it begins with SELECT. */
static void says(struct store *s, const char *table, const char *const *params, int row,
                 const char *column, const char *want)
{
    struct study_table t;
    char *expect = xstrdup(want && strncmp(want, "SELECT", 6) == 0 ? kit_text(s, want)
                           : want                                  ? want
                                                                   : "");
    const char *const none[] = { NULL };

    ck_assert_msg(study_table(&t, s, NULL, table, params ? params : none, true) == 0, "%s",
                  fail_text());
    struct rows view = rows_view(&t.r, true);
    const char *got = rows_get(&view, row, column);
    ck_assert_msg(strcmp(got ? got : "", expect) == 0, "%s, row %d, '%s': '%s' and not '%s'", table,
                  row, column, got ? got : "(none)", expect);
    rows_view_free(&view);
    study_table_free(&t);
    free(expect);
}

#define ON(task) "\"model\":\"m\",\"task\":\"" task "\",\"train_n\":100,"
#define LORA(rank) "\"method\":\"lora\",\"targets\":[\"q\",\"v\"],\"rank\":" rank
static const struct point methods[] = {
    { ON("mrpc") LORA("8"), "accuracy", 0.7, 0.01, 64 },
    { ON("stsb") LORA("8"), "pearson", 0.8, 0.01, 64 },
    { ON("mrpc") "\"method\":\"ft\"", "accuracy", 0.75, 0.02, 900 },
    { ON("mrpc") "\"method\":\"dora\",\"rank\":8", "accuracy", 0.65, 0, 70 },
    { ON("stsb") "\"method\":\"dora\",\"rank\":8", "pearson", 0.75, 0, 70 },
};
static const struct point params[] = {
    { ON("t") LORA("1"), "accuracy", 0.6, 0.01, 8 },
    { ON("t") LORA("8"), "accuracy", 0.7, 0.01, 64 },
    { ON("t") "\"method\":\"lora\",\"targets\":[\"q\",\"k\",\"v\",\"o\"],\"rank\":4", "accuracy",
      0.7, 0.01, 60 },
    { ON("t") "\"method\":\"prefix-layer\",\"prefix\":8", "accuracy", 0.5, 0.01, 32 },
    { ON("t") "\"method\":\"adapter-h\",\"rank\":16", "accuracy", 0.5, 0.01, 128 },
    { ON("t") "\"method\":\"ft\"", "accuracy", 0.75, 0.02, 900 },
};
static const struct point lowdata[] = {
    { ON("t") LORA("8"), "accuracy", 0.6, 0.01, 64 },
    { ON("t") "\"method\":\"prefix-kv\",\"prefix\":8", "accuracy", 0.4, 0.01, 64 },
    { "\"model\":\"m\",\"task\":\"t\",\"train_n\":1000," LORA("8"), "accuracy", 0.8, 0.01, 64 },
};
static const struct point combine[] = {
    { ON("t") LORA("8"), "accuracy", 0.7, 0.01, 64 },
    { ON("t") LORA("64"), "accuracy", 0.6, 0.01, 512 },
    { ON("t") "\"method\":\"prefix-embed\",\"prefix\":8", "accuracy", 0.65, 0.01, 8 },
    { ON("t") "\"method\":\"lora+prefix-embed\",\"targets\":[\"q\",\"v\"],\"rank\":8,\"prefix\":8",
      "accuracy", 0.72, 0.02, 72 },
    { ON("t") "\"method\":\"lora+prefix-embed\",\"targets\":[\"q\",\"v\"],\"rank\":64,\"prefix\":8",
      "accuracy", 0.62, 0.01, 520 },
};
#define GRID(alpha, lr) ON("t") LORA("8") ",\"alpha\":" alpha ",\"lr\":" lr
static const struct point alphalr[] = {
    { GRID("1", "0.001"), "accuracy", 0.5, 0.01, 64 },
    { GRID("1", "0.002"), "accuracy", 0.6, 0.01, 64 },
    { GRID("1", "0.004"), "accuracy", 0.7, 0.01, 64 },
    { GRID("2", "0.001"), "accuracy", 0.6, 0.01, 64 },
    { GRID("2", "0.002"), "accuracy", 0.72, 0.01, 64 },
    { GRID("2", "0.004"), "accuracy", 0.71, 0.01, 64 },
};
static const struct point lr[] = {
    { GRID("16", "0.001"), "accuracy", 0.60, 0.01, 64 },
    { GRID("16", "0.002"), "accuracy", 0.695, 0.01, 64 },
    { GRID("16", "0.004"), "accuracy", 0.70, 0.01, 64 },
    { GRID("16", "0.008"), "accuracy", 0.65, 0.01, 64 },
    { ON("t") "\"method\":\"ft\",\"lr\":0.001", "accuracy", 0.8, 0.01, 900 },
    { ON("t") "\"method\":\"ft\",\"lr\":0.002", "accuracy", 0.7, 0.01, 900 },
};
/* The vertices of the parabolas are 2^(2 - 0.045 / 0.11) and 1 thousandth. */
#define FT(lr) ON("t") "\"method\":\"ft\",\"batch\":32,\"lr\":" lr
static const struct point optimum[] = {
    { GRID("16", "0.001") ",\"batch\":32", "accuracy", 0.60, 0.01, 64 },
    { GRID("16", "0.002") ",\"batch\":32", "accuracy", 0.695, 0.01, 64 },
    { GRID("16", "0.004") ",\"batch\":32", "accuracy", 0.70, 0.01, 64 },
    { GRID("16", "0.008") ",\"batch\":32", "accuracy", 0.65, 0.01, 64 },
    { FT("0.0005"), "accuracy", 0.7, 0.01, 900 },
    { FT("0.001"), "accuracy", 0.8, 0.01, 900 },
    { FT("0.002"), "accuracy", 0.7, 0.01, 900 },
    { FT("0.004"), "accuracy", 0.6, 0.01, 900 },
};
#define SIZE(n, rank) "\"model\":\"m\",\"task\":\"t\",\"train_n\":" n "," LORA(rank)
static const struct point capacity[] = {
    { SIZE("100", "1"), "accuracy", 0.60, 0.01, 8 },
    { SIZE("100", "8"), "accuracy", 0.58, 0.01, 64 },
    { SIZE("0", "1"), "accuracy", 0.80, 0.01, 8 },
    { SIZE("0", "8"), "accuracy", 0.85, 0.01, 64 },
};
#define BATCH(n) ON("t") LORA("8") ",\"batch\":" n
static const struct point batchsize[] = {
    { BATCH("8"), "accuracy", 0.70, 0.01, 64 },
    { BATCH("128"), "accuracy", 0.60, 0.01, 64 },
    { BATCH("32"), "accuracy", 0.72, 0.01, 64 },
};
#define CUT(model) "\"model\":\"" model "\",\"task\":\"t\",\"train_n\":100,"
static const struct point truncate_[] = {
    { CUT("m") LORA("8"), "accuracy", 0.7, 0.01, 64 },
    { CUT("m") "\"method\":\"head\"", "accuracy", 0.4, 0.01, 0 },
    { CUT("m@r64") LORA("8"), "accuracy", 0.65, 0.01, 64 },
    { CUT("m@r8") LORA("8"), "accuracy", 0.55, 0.01, 64 },
};
/* The order changes results by +-1%, initial values not at all, seeds by +-0.5% and 0. */
#define SPLIT(order, init) ON("t") LORA("8") ",\"order_seed\":" order ",\"init_seed\":" init
static const struct point seeds[] = {
    { SPLIT("1", "1"), "accuracy", 0.71, 0.005, 64 },
    { SPLIT("1", "2"), "accuracy", 0.71, 0.005, 64 },
    { SPLIT("2", "1"), "accuracy", 0.69, 0.005, 64 },
    { SPLIT("2", "2"), "accuracy", 0.69, 0.005, 64 },
};

/* What is planted, and what the table with the study's name must show. */
static const struct planted {
    const char *study;
    const struct point *point;
    int n;
    struct {
        int row;
        const char *column, *want;
    } cell[12];
    const char *shows; /* in the figure; NULL: there is none */
} planted[] = {
    { "methods",
      methods,
      ARRAY_LEN(methods),
      { { 0, "method", "lora" },
        { 0, "parameters", "64" },
        { 0, "mrpc", "70.0 ± 2.5 (3)" },
        { 0, "stsb", "80.0 ± 2.5 (3)" },
        { 0, "average", "75.0 ± 2.5 (3)" },
        { 0, "paper RTE",
          "SELECT value FROM paper WHERE tab = 'T2' AND row = 'RoBbase LoRA' AND col = 'RTE'" },
        { 1, "method", "ft" },
        { 1, "average", NULL }, /* one task is missing */
        { 2, "average", "70.0 ± 0.0 (3)" },
        { 0, "paper row", "RoBbase LoRA (MRPC, RTE, STS-B from MNLI)" },
        { 2, "paper RTE", NULL } },
      "Pearson × 100" },
    { "params",
      params,
      ARRAY_LEN(params),
      { { 2, "parameters", "60" },
        { 2, "paper row", "LoRA rqkvo=4" },
        { 0, "paper row", "LoRA rq=rv=1" },
        { 1, "parameters", "64" },
        { 1, "value", "70.0 ± 2.5 (3)" },
        { 1, "paper MNLI",
          "SELECT value FROM paper WHERE tab = 'T15' AND row = 'GPT3 LoRA rq=rv=8' AND col = "
          "'MNLI-m'" },
        { 3, "paper row", "PrefixLayer lp8 li0 / PrefixLayer lp8 li8" },
        { 4, "paper row", "AdapterH r16" },
        { 5, "paper row", "FT" } },
      "lora q,v (n = 3)" },
    { "lowdata",
      lowdata,
      ARRAY_LEN(lowdata),
      { { 0, "examples", "100" },
        { 0, "lora", "60.0 ± 2.5 (3)" },
        { 0, "prefix-kv", "40.0 ± 2.5 (3)" },
        { 0, "paper: MNLI",
          "SELECT group_concat(value, ' / ') FROM (SELECT value FROM paper WHERE tab = 'T16' AND "
          "col = '100' ORDER BY"
          " row <> 'GPT3 FT', row = 'GPT3 LoRA', row)" },
        { 1, "lora", "80.0 ± 2.5 (3)" } },
      "several methods, n = 3" },
    { "combine",
      combine,
      ARRAY_LEN(combine),
      { { 0, "rank", "8" },
        { 0, "lora alone", "70.0 ± 2.5 (3)" },
        { 0, "other alone", "65.0 ± 2.5 (3)" },
        { 0, "interaction", "+2.0 ± 2.5 (3)" },
        { 0, "paper both MNLI",
          "SELECT value FROM paper WHERE tab = 'T15' AND row LIKE 'GPT3 LoRA+PE rq=rv=8 %' AND"
          " col = 'MNLI-m'" },
        { 1, "lora alone", "60.0 ± 2.5 (3)" },
        { 1, "interaction", "-3.0 ± 0.0 (3)" } }, /* the better of the two alone is the prefix */
      "r = 64" },
    { "alphalr",
      alphalr,
      ARRAY_LEN(alphalr),
      { { 0, "best lr", "0.004" },
        { 0, "lr x alpha", "0.004" },
        { 0, "edge of the grid", "largest" },
        { 0, "tried", "3" },
        { 1, "best lr", "0.002" },
        { 1, "lr x alpha", "0.004" },
        { 1, "edge of the grid", NULL },
        { 1, "second best", "0.004: 71.0 ± 2.5 (3)" } },
      "learning rate" },
    { "truncate",
      truncate_,
      ARRAY_LEN(truncate_),
      { { 0, "rank of W", "8" },
        { 0, "lora - lora on whole W", "-15.0" },
        { 1, "rank of W", "64" },
        { 2, "rank of W", "whole" },
        { 2, "head", "40.0 ± 2.5 (3)" } },
      "whole" },
    { "lr",
      lr,
      ARRAY_LEN(lr),
      { { 0, "best lr", "0.004" },
        { 0, "edge of the grid", NULL },
        { 0, "value", "70.0 ± 2.5 (3)" },
        { 0, "at lr / 2", "69.5 ± 2.5 (3)" },
        { 0, "at 2 lr", "65.0 ± 2.5 (3)" },
        { 0, "within a point", "0.002 to 0.004" },
        { 0, "tried", "4" },
        { 1, "method", "ft" },
        { 1, "edge of the grid", "smallest" },
        { 1, "at lr / 2", NULL },
        { 1, "within a point", "0.001 to 0.001" } },
      "ft, no rank" },
    { "capacity",
      capacity,
      ARRAY_LEN(capacity),
      { { 0, "examples", "100" },
        { 0, "gain over the smallest rank", NULL },
        { 1, "gain over the smallest rank", "-2.0" },
        { 2, "examples", "all" },
        { 3, "value", "85.0 ± 2.5 (3)" },
        { 3, "gain over the smallest rank", "+5.0" } },
      NULL },
    { "batchsize",
      batchsize,
      ARRAY_LEN(batchsize),
      { { 0, "batch", "8" },
        { 0, "against the best batch", "-2.0" },
        { 1, "batch", "32" },
        { 1, "against the best batch", "+0.0" },
        { 2, "against the best batch", "-12.0" } },
      NULL },
    /* mean squares 12, 0, 0 and 0.25 with 2 orders, 2 initializations and 3 seeds */
    { "seeds",
      seeds,
      ARRAY_LEN(seeds),
      { { 0, "mean", "70.0" },
        { 0, "sd: order", "1.41" },
        { 0, "sd: init", "0.00" },
        { 0, "sd: rest", "0.50" },
        { 0, "rough % order", "89" },
        { 0, "rough % rest", "11" },
        { 0, "n", "12" },
        { 0, "note", NULL } },
      "init_seed 2" },
};

static bool have_gnuplot(void)
{
    char program[] = "gnuplot", flag[] = "--version", out[64];
    char *argv[] = { program, flag, NULL };

    return spawn_wait(argv, out, sizeof out, 20) == 0;
}

static void draw(const char *study, const char *home, const char *shows)
{
    char *text = xprintf("figure %s --home %s --format svg", study, home), *argv[8] = { NULL };
    char *path = xprintf("%s/figures/%s.svg", home, study);
    struct file f;
    int argc = 0;

    for (char *w = strtok(text, " "); w; w = strtok(NULL, " "))
        argv[argc++] = w;
    fflush(stdout);
    int out = dup(1); /* keep its output out of the test report */
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
    int rc = cmd_figure.run(argc, argv);
    fflush(stdout);
    dup2(out, 1);
    close(out);
    ck_assert_msg(rc == 0, "%s", fail_text());
    ck_assert_msg(file_map(&f, path) == 0, "%s", fail_text());
    char *svg = xprintf("%.*s", (int)f.size, (const char *)f.data);
    ck_assert_msg(strstr(svg, shows) != NULL, "%s: no '%s'", study, shows);
    static const char *const nonsense[] = { "922337203685477", "NaN<", "nan<", "inf<",
                                            "undefined" };
    for (size_t i = 0; i < ARRAY_LEN(nonsense); i++)
        ck_assert_msg(!strstr(svg, nonsense[i]), "%s shows '%s'", study, nonsense[i]);
    free(svg);
    file_unmap(&f);
    free(path);
    free(text);
}

START_TEST(tables_and_figures)
{
    const struct planted *p = &planted[_i];
    const char *home = kit_path(p->study);
    struct store *s = plant(home, p->study, "accuracy", p->point, p->n);

    for (size_t i = 0; i < ARRAY_LEN(p->cell) && p->cell[i].column; i++)
        says(s, p->study, NULL, p->cell[i].row, p->cell[i].column, p->cell[i].want);
    store_close(s);
    if (p->shows && have_gnuplot())
        draw(p->study, home, p->shows);
    else if (p->shows)
        skip("gnuplot is not installed");
}
END_TEST

START_TEST(the_best_rate_is_fitted)
{
    struct store *s = plant(kit_path("optimum"), "lr", "accuracy", optimum, ARRAY_LEN(optimum));

    says(s, "lr_optimum", NULL, 0, "best lr", "0.003");
    says(s, "lr_optimum", NULL, 0, "over full fine-tuning's", "3.01");
    says(s, "lr_optimum", NULL, 0, "95 % interval", "0.003 to 0.003");
    says(s, "lr_optimum", NULL, 0, "rates", "4");
    says(s, "lr_optimum", NULL, 1, "best lr", "0.001");
    store_close(s);
}
END_TEST

/* The average that the paper reports is another column of the same runs; "own" is each task's own
 * metric. */
START_TEST(metrics_of_tasks)
{
    static const char *const median[] = { "stat", "median", NULL };
    static const char *const study[] = { "study", "methods", NULL };
    const char *home = kit_path("metrics");
    struct store *s = plant(home, "methods", "accuracy", methods, ARRAY_LEN(methods));

    says(s, "methods", median, 0, "mrpc", "70.0 (3)");
    says(s, "methods", median, 0, "average", "75.0 (3)");
    says(s, "fig_study", study, 0, "label", "accuracy, Pearson correlation on dev × 100");
    store_close(s);
    s = plant(home, "methods", "own", methods, ARRAY_LEN(methods));
    says(s, "methods", NULL, 0, "stsb", "80.0 ± 2.5 (3)");
    says(s, "fig_study", study, 0, "label", "accuracy, Pearson correlation on dev × 100");
    store_close(s);
    s = plant(home, "methods", "spearman", methods, ARRAY_LEN(methods)); /* every run has it */
    says(s, "methods", NULL, 0, "mrpc", "10.0 ± 0.0 (3)");
    store_close(s);
}
END_TEST

/* An incomplete design has no variance components. */
START_TEST(an_incomplete_design)
{
    const char *home = kit_path("hole");
    struct store *s = plant(home, "seeds", "accuracy", seeds, ARRAY_LEN(seeds) - 1);

    says(s, "seeds", NULL, 0, "rough % order", NULL);
    says(s, "seeds", NULL, 0, "note", "combinations are missing");
    store_close(s);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, tables_and_figures, 0, (int)ARRAY_LEN(planted));
    tcase_add_test(tc, metrics_of_tasks);
    tcase_add_test(tc, the_best_rate_is_fitted);
    tcase_add_test(tc, an_incomplete_design);
}

const struct suite suite_study_tables = { "study_tables", fill };
