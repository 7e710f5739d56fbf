/* test_figure.c - templates, the data files and scripts that are made of them, and whole figures.
 */
#include "core/os/file.h"
#include "core/cmd.h"
#include "plots/figure/figure.h"
#include "plots/figure/gnuplot.h"
#include "results/query/query.h"
#include "results/store/analyses.h"
#include "tests/kit/store_kit.h"
#include "tests/kit/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const struct cmd cmd_figure;

static void write_file(const char *path, const char *text)
{
    ck_assert_msg(file_write(path, text, strlen(text), FAIL_RUN) == 0, "%s", fail_text());
}

static char *read_file(const char *path)
{
    struct file f;

    if (file_map(&f, path) != 0)
        return xstrdup("");
    char *text = xprintf("%.*s", (int)f.size, (const char *)f.data);
    file_unmap(&f);
    return text;
}

static int figure(const char *words)
{
    char *text = xstrdup(words), *argv[16] = { NULL };
    int argc = 0;

    for (char *w = strtok(text, " "); w; w = strtok(NULL, " "))
        argv[argc++] = w;
    fflush(stdout);
    int out = dup(1); /* keep the results out of the output of check */
    FILE *quiet = freopen("/dev/null", "w", stdout);
    ck_assert(quiet != NULL);
    int rc = cmd_figure.run(argc, argv);
    fflush(stdout);
    dup2(out, 1);
    close(out);
    free(text);
    return rc;
}

/* --- data and scripts */

static const struct {
    const char *s, *label, *tic;
} quotes[] = {
    { "q,v", "'q,v'", "'q,v'" },
    { "W_q^{x}", "'W\\_q\\^\\{x\\}'", "'W\\_q\\^\\{x\\}'" },
    { "a@b & c~d\\e", "'a\\@b \\& c\\~d\\\\e'", "'a\\@b \\& c\\~d\\\\e'" },
    { "it's 5 %", "'it''s 5 %'", "'it''s 5 %%'" },
    { "two\nlines", "'two lines'", "'two lines'" },
    { "", "''", "''" },
};

START_TEST(quoting)
{
    char *label = figure_quote(quotes[_i].s, false), *tic = figure_quote(quotes[_i].s, true);

    ck_assert_str_eq(label, quotes[_i].label);
    ck_assert_str_eq(tic, quotes[_i].tic);
    free(label);
    free(tic);
}
END_TEST

static const char template_text[] = "# What it shows.\n"
                                    "# size: 8.4 x 3 + d_blocks\n"
                                    "# make: lowrank sweep x\n"
                                    "# text: note fig_study(study=rank)\n"
                                    "# data: d fig_rank(study=rank) by series: x, lo, y\n"
                                    "\n"
                                    "plot data\n";

/* Rows as a query returns them. */
static struct rows make_rows(const char *const *col, int n_cols, const char *const *cell,
                             int n_rows, const char *numeric)
{
    struct rows r = { .n_cols = n_cols, .n_rows = n_rows };

    r.col = xalloc((size_t)n_cols, sizeof *r.col);
    r.numeric = xalloc((size_t)n_cols + 1, 1);
    r.cell = xalloc((size_t)(n_cols * n_rows), sizeof *r.cell);
    for (int i = 0; i < n_cols; i++) {
        r.col[i] = xstrdup(col[i]);
        r.numeric[i] = numeric[i] == '1';
    }
    for (int i = 0; i < n_cols * n_rows; i++)
        r.cell[i] = cell[i] ? xstrdup(cell[i]) : NULL;
    return r;
}

static const char *const cols[] = { "series", "x", "y", "lo" };
static const char *const cells[] = {
    "q_1",   "8",  "0.5",  NULL,  /* */
    "q_1",   "64", "0.75", "0.5", /* */
    "a%\nb", "8",  "nan",  NULL,
};
static const char *const named_cells[] = {
    "s", "q,v", "0.5",  NULL, /* */
    "s", "k",   "0.25", NULL,
};

static const char *const note_cols[] = { "label", "scale" };
static const char *const note_cells[] = { "F1 (%)", "100" };

static struct figure golden_figure(const char *const *cell, int n_rows, const char *numeric)
{
    struct figure f = { 0 };
    const char *share = kit_path("share");
    char *plots = path_join(share, "plots"), *gp = path_join(plots, "t.gp");
    char *style = path_join(plots, "style.gp");

    ck_assert_int_eq(make_dirs(plots), 0);
    write_file(gp, template_text);
    write_file(style, "# style\n");
    setenv("LOWRANK_SHARE", share, 1);
    ck_assert_msg(template_load(&f.t, NULL, "t") == 0, "%s", fail_text());
    unsetenv("LOWRANK_SHARE");
    f.rows = xalloc(1, sizeof *f.rows);
    f.rows[0] = make_rows(cols, 4, cell, n_rows, numeric);
    f.text = make_rows(note_cols, 2, note_cells, 1, "01");
    free(style);
    free(gp);
    free(plots);
    return f;
}

START_TEST(golden_script)
{
    struct figure f = golden_figure(cells, 3, "0111");
    char *script = figure_script(&f), *data = figure_data(&f);

    ck_assert_str_eq(
        script,
        "# t.gp: What it shows.\n"
        "# Written by 'lowrank figure t'. To draw it again, run in this folder: gnuplot -d t.gp\n"
        "if (!exists('formats')) { formats = 'pdf svg png' }\n"
        "if (!exists('stem')) { stem = 't' }\n"
        "format = word(formats, 1)\n"
        "formats = formats[strlen(format) + 2:]\n"
        "data = 't.dat'\n"
        "note_label = 'F1 (%)'\n"
        "note_scale = '100'\n"
        "d_first = 0; d_blocks = 2\n"
        "d_x_min = 8; d_x_max = 64\n"
        "d_lo_min = 0.5; d_lo_max = 0.5\n"
        "d_y_min = 0.5; d_y_max = 0.75\n"
        "array d_series[2] = ['q\\_1', 'a% b']\n"
        "d_series_n = 2\n"
        "array d_x[2] = ['8', '64']\n"
        "width = 8.4\n"
        "height = 3 + d_blocks\n"
        "\n# style\n\n\nplot data\n\n"
        "set output\n"
        "if (strlen(formats)) { load 't.gp' }\n");
    char *blocks = strstr(data, "\n\n# d");
    ck_assert_ptr_nonnull(blocks);
    ck_assert_str_eq(blocks, "\n\n# d, series q_1\n# x lo y\n8 NaN 0.5\n64 0.5 0.75\n"
                             "\n\n# d, series a% b\n# x lo y\n8 NaN NaN\n");
    *blocks = 0;
    for (const char *s = data; s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL)
        ck_assert_msg(*s == '#' || !*s, "header line '%s'", s);
    free(script);
    free(data);
    figure_free(&f);
}
END_TEST

/* Strings in the first column become indices into a list. */
START_TEST(golden_categories)
{
    struct figure f = golden_figure(named_cells, 2, "0011");
    char *script = figure_script(&f), *data = figure_data(&f);

    ck_assert_ptr_nonnull(strstr(script, "\narray d_x[2] = ['q,v', 'k']\n"));
    ck_assert_ptr_nonnull(strstr(script, "\nd_lo_min = NaN; d_lo_max = NaN\n"));
    ck_assert_ptr_null(strstr(script, "d_x_min"));
    ck_assert_ptr_nonnull(strstr(data, "\n1 NaN 0.5\n2 NaN 0.25\n"));
    free(script);
    free(data);
    figure_free(&f);
}
END_TEST

static const struct {
    const char *text, *why;
} bad[] = {
    { "plot x\n", "header must begin" },
    { "# a\n# size: 3\n", "WIDTH x HEIGHT" },
    { "# a\n# size: 1 x 2\n# size: 1 x 2\n", "line 3: the line 'size' occurs twice" },
    { "# a\n# siez: 1 x 2\n", "unknown header line 'siez'; did you mean 'size'?" },
    { "# a\n# colour: red\n", "must be one of size, like, make, runs, text, data" },
    { "# a\n# data: d q by x\n", "must name its columns" },
    { "# a\n# data: d q(x: y\n", "closing parenthesis is missing" },
    { "# a\n# data: d q(x): y\n", "name=value" },
    { "# a\n# data: d q or x: y\n", "form 'by KEY" },
    { "# a\n# data: d q: y,, z\n", "empty word" },
    { "# a\n# data: d\n", "name of a query is missing" },
    { "# a\n# size: 1 x 2\n# make: m\n", "header must begin" },
};

START_TEST(bad_templates)
{
    struct template t;
    const char *share = kit_path("bad");
    char *gp = xprintf("%s/plots/t.gp", share), *style = xprintf("%s/plots/style.gp", share);
    char *plots = path_join(share, "plots");

    ck_assert_int_eq(make_dirs(plots), 0);
    write_file(gp, bad[_i].text);
    write_file(style, "");
    setenv("LOWRANK_SHARE", share, 1);
    ck_assert_int_eq(template_load(&t, NULL, "t"), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_msg(strstr(fail_text(), bad[_i].why), "%s", fail_text());
    unsetenv("LOWRANK_SHARE");
    free(plots);
    free(style);
    free(gp);
}
END_TEST

/* A figure that is like another one runs its own commands first. */
START_TEST(like_another)
{
    struct template t;
    const char *share = kit_path("like");
    char *plots = path_join(share, "plots"), *style = path_join(plots, "style.gp");
    char *t_gp = path_join(plots, "t.gp"), *u_gp = path_join(plots, "u.gp");

    ck_assert_int_eq(make_dirs(plots), 0);
    write_file(style, "");
    write_file(t_gp, "# T.\n# size: 1 x 2\n# like: u\n# make: m\n# data: d q: x\ntitle = 'T'\n");
    write_file(u_gp, "# U.\n# size: 3 x 4\n# make: n\n# data: e r: y\nplot data\n");
    setenv("LOWRANK_SHARE", share, 1);
    ck_assert_msg(template_load(&t, NULL, "t") == 0, "%s", fail_text());
    unsetenv("LOWRANK_SHARE");
    ck_assert_str_eq(t.body, "title = 'T'\nplot data\n");
    ck_assert_str_eq(t.width, "1");
    ck_assert_str_eq(t.data[0].query, "q");
    template_free(&t);
    free(u_gp);
    free(t_gp);
    free(style);
    free(plots);
}
END_TEST

START_TEST(own_templates)
{
    char *name[MAX_FIGURES + 1];
    struct template t;
    int n = template_names(name);

    ck_assert_int_gt(n, 15);
    for (int i = 0; i < n; i++) {
        ck_assert_msg(template_load(&t, NULL, name[i]) == 0, "%s", fail_text());
        for (int k = 0; k < t.n_data; k++)
            ck_assert_msg(query_find(t.data[k].query), "%s: %s", name[i], t.data[k].query);
        template_free(&t);
        free(name[i]);
    }
    ck_assert_int_eq(template_load(&t, NULL, "rnk"), -1);
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    ck_assert_int_eq(template_load(&t, NULL, "../plots/rank"), -1);
    ck_assert_int_eq(template_load(&t, NULL, "style"), -1);
}
END_TEST

/* --- from the store */

START_TEST(no_runs)
{
    const char *home = kit_path("empty");
    char *command = xprintf("figure rank --home %s", home);
    char *db = path_join(home, "lowrank.db"), *figures = path_join(home, "figures");
    struct store *s;

    ck_assert_int_eq(make_dirs(home), 0);
    for (int twice = 0; twice < 2; twice++) { /* without a database, then with an empty one */
        ck_assert_int_eq(figure(command), -1);
        ck_assert_ptr_nonnull(
            strstr(fail_text(),
                   twice ? "no runs yet for figure 'rank': lowrank sweep rank" : "no results yet"));
        ck_assert_int_eq(fail_code(), twice ? FAIL_RUN : FAIL_STORE);
        ck_assert_int_eq(store_open(&s, db, STORE_WRITE), 0);
        store_close(s);
    }
    ck_assert(!file_exists(figures));
    free(figures);
    free(db);
    free(command);
}
END_TEST

static double accuracy(int rank, int lr, int seed)
{
    return 0.7 + 0.003 * seed * lr + 0.001 * rank;
}
static double no_number(int rank, int lr, int seed)
{
    return (void)rank, (void)lr, (void)seed, NAN;
}

static struct store *planned(const char *home, int seeds, double (*value)(int, int, int))
{
    const struct kit_study k = { "rank", "accuracy", value == no_number ? 1 : 3, 1, seeds, 1 };
    char *db = path_join(home, "lowrank.db");
    struct store *s;

    ck_assert_int_eq(make_dirs(home), 0);
    ck_assert_int_eq(store_open(&s, db, STORE_WRITE), 0);
    ck_assert_int_eq(kit_plan(s, &k), 0);
    ck_assert_int_ge(kit_finish_all(s, "rank", value), 1);
    free(db);
    return s;
}

START_TEST(only_nan)
{
    const char *home = kit_path("nan");
    char *command = xprintf("figure rank --home %s", home);

    store_close(planned(home, 1, no_number));
    ck_assert_int_eq(figure(command), -1);
    ck_assert_int_eq(fail_code(), FAIL_RUN);
    ck_assert_msg(strstr(fail_text(), "gave a number"), "%s", fail_text());
    free(command);
}
END_TEST

/* A single seed has no interval. A figure that is drawn twice is the same file. */
START_TEST(drawn)
{
    const char *home = kit_path(_i ? "three" : "one");
    char *command = xprintf("figure rank --home %s task=t", home);
    char *path = xprintf("%s/figures/rank.svg", home), *dat = xprintf("%s/figures/rank.dat", home);

    if (!gnuplot_is_installed()) {
        skip("gnuplot is not installed");
        return;
    }
    store_close(planned(home, _i ? 3 : 1, accuracy));
    ck_assert_msg(figure(command) == 0, "%s", fail_text());
    char *first = read_file(path);
    ck_assert_msg(figure(command) == 0, "%s", fail_text());
    char *second = read_file(path), *text = read_file(dat);
    ck_assert_str_eq(first, second);
    ck_assert_ptr_nonnull(strstr(first, _i ? "m, t, lora, n = 3" : "m, t, lora, n = 1"));
    ck_assert_ptr_nonnull(strstr(text, "# runs: "));
    free(command);
    command = xprintf("figure rank --home %s colour=red", home);
    ck_assert_int_eq(figure(command), -1);
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    free(text);
    free(second);
    free(first);
    free(dat);
    free(path);
    free(command);
}
END_TEST

/* A method without a rank stands before the first rank, on a logarithmic axis, too. */
START_TEST(cells_without_x)
{
    const char *home = kit_path("no_x");
    char *command =
        xprintf("figure rank --home %s x=rank series=method logx=%s", home, _i ? "true" : "false");
    char *dat = xprintf("%s/figures/rank.dat", home), *db = path_join(home, "lowrank.db");

    if (!gnuplot_is_installed()) {
        skip("gnuplot is not installed");
        return;
    }
    store_close(planned(home, 2, accuracy)); /* ranks 1, 2, and 4 */
    kit_sql(db, "UPDATE cell SET rank = NULL, method = 'ft' WHERE rank = 1");
    ck_assert_msg(figure(command) == 0, "%s", fail_text());
    char *text = read_file(dat), *tick = xprintf("\n# tick, label none\n# x\n%d\n", _i ? 1 : 0),
         *cell = xprintf("\n# cell, panel , series ft\n# x lo hi n mean\n%d ", _i ? 1 : 0);
    ck_assert_msg(strstr(text, tick) && strstr(text, cell), "%s", text);
    free(cell);
    free(tick);
    free(text);
    free(db);
    free(dat);
    free(command);
}
END_TEST

static void add_phi(struct store *s, const char *name, int n, int m)
{
    const struct analysis_set set = { "rank", "subspace", "" };
    static const char *const proj[] = { "q", "v" };

    for (int layer = 0; layer < 3; layer++)
        for (int p = 0; p < 2; p++)
            for (int i = 1; i <= n; i++)
                for (int j = 1; j <= m; j++) {
                    struct analysis_row r = { 1, 2, layer, proj[p], i, j, name, 1.0 / (i + j) };
                    ck_assert_int_eq(analyses_put(s, &set, &r, 1), 0);
                }
}

START_TEST(heat_maps)
{
    static const char *const name[] = { "phi_rank", "phi_rank_layers", "phi_seed",
                                        "phi_seed_layers" };
    const char *home = kit_path("phi");

    if (!gnuplot_is_installed()) {
        skip("gnuplot is not installed");
        return;
    }
    struct store *s = planned(home, 1, accuracy);
    add_phi(s, "phi_rank", 2, 3);
    add_phi(s, "phi_seed", 3, 3);
    add_phi(s, "phi_random", 3, 3);
    store_close(s);
    for (size_t i = 0; i < ARRAY_LEN(name); i++) {
        char *command = xprintf("figure %s --home %s --format svg", name[i], home);
        char *path = xprintf("%s/figures/%s.svg", home, name[i]);
        ck_assert_msg(figure(command) == 0, "%s", fail_text());
        char *svg = read_file(path);
        ck_assert_msg(strstr(svg, ", layer 2"), "%s", name[i]);
        ck_assert_int_eq(strstr(svg, ", layer 3") != NULL, strstr(name[i], "layers") != NULL);
        free(svg);
        free(path);
        free(command);
    }
}
END_TEST

static void add_figure_tests(TCase *tc)
{
    tcase_add_loop_test(tc, quoting, 0, (int)ARRAY_LEN(quotes));
    tcase_add_test(tc, golden_script);
    tcase_add_test(tc, golden_categories);
    tcase_add_loop_test(tc, bad_templates, 0, (int)ARRAY_LEN(bad));
    tcase_add_test(tc, like_another);
    tcase_add_test(tc, own_templates);
    tcase_add_test(tc, no_runs);
    tcase_add_test(tc, only_nan);
    tcase_add_loop_test(tc, drawn, 0, 2);
    tcase_add_loop_test(tc, cells_without_x, 0, 2);
    tcase_add_test(tc, heat_maps);
}

const struct suite suite_figure = { "figure", add_figure_tests };
